import type { JobSummaryObject } from '@prad/contracts';
import { Problem } from '../../components/problem.js';

/** Why a job failed; nothing for others. */
export function JobFailure({ job: { error } }: { readonly job: JobSummaryObject }) {
  if (error === null) return null;
  return <Problem title="The job failed" error={new Error(`${error.message} (${error.code})`)} />;
}
