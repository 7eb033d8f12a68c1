import { AppError } from '@prad/errors';

/** Statuses that fine-tuning and inference jobs end in; nothing leaves them. */
const finalStatuses = ['succeeded', 'failed', 'cancelled'] as const;
export type FinalStatus = (typeof finalStatuses)[number];

export function isFinal(status: string): status is FinalStatus {
  return finalStatuses.some((final) => final === status);
}

/** The error of a change that the job's status does not allow. */
export function illegalChange(id: string, change: string, status: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'illegal_status',
    message: `job ${id} cannot ${change}: its status is ${status}`,
    details: { id, change, status },
  });
}

/** The error of a write by a holder whose lease now belongs to somebody else, or whose job has ended. */
export function leaseLost(id: string, owner: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'lease_lost',
    message: `${id} is no longer leased to ${owner}: nothing was written`,
    details: { id, owner },
  });
}
