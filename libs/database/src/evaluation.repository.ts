import {
  illegalChange,
  leaseLost,
  type Evaluation,
  type EvaluationOutcome,
  type EvaluationProgress,
  type Failure,
  type Heartbeat,
  type NewEvaluation,
  type NewJobEvent,
  type Page,
  type PageRequest,
  type Verdict,
} from '@prad/domain';
import { assertNever } from '@prad/errors';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { present } from './corrupt-row.js';
import { EvaluationEntity } from './evaluation.entity.js';
import { evaluationEvents } from './evaluation-event.repository.js';
import { appendEvent } from './event.repository.js';
import { settlePromotion } from './job-evaluation.js';
import { jsonOf } from './json-column.js';
import { claimableIds, countHeld, leaseOf } from './lease-columns.js';
import { mapPage, newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';

const now = () => 'clock_timestamp()';

/** Each change is one statement that names the status, and the lease's owner, that it starts from. */
@Injectable()
export class EvaluationRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** A new evaluation in status queued. */
  async create({ project, ...evaluation }: NewEvaluation): Promise<Evaluation> {
    const row = { ...evaluation, projectId: project, status: 'queued' } as const;
    await this.dataSource.manager.insert(EvaluationEntity, row);
    return this.get(evaluation.id);
  }

  /** Throws notFound `evaluation_not_found`. */
  async get(id: string): Promise<Evaluation> {
    const row = await this.dataSource.manager.findOneBy(EvaluationEntity, { id });
    if (row === null) throw notFound('evaluation', id);
    return toDomain(row);
  }

  /** One of the project's. Throws notFound `evaluation_not_found`, for another project's as for none. */
  async getIn(project: string, id: string): Promise<Evaluation> {
    const evaluation = await this.get(id);
    if (evaluation.project !== project) throw notFound('evaluation', id);
    return evaluation;
  }

  async list(project: string, page: PageRequest): Promise<Page<Evaluation>> {
    const rows = this.dataSource.getRepository(EvaluationEntity);
    return mapPage(await newestFirst(rows, { projectId: project }, page), toDomain);
  }

  /** Ids of those that wait, or run under a lease that has ended. */
  claimable(limit: number): Promise<readonly string[]> {
    return claimableIds(this.dataSource.manager, EvaluationEntity, limit);
  }

  countUnfinished(): Promise<number> {
    return this.dataSource.manager.countBy(EvaluationEntity, { status: In(['queued', 'running']) });
  }

  countHeld(): Promise<number> {
    return countHeld(this.dataSource.manager, EvaluationEntity);
  }

  /** Takes it up under a lease of `leaseMs` milliseconds; undefined when it has ended or somebody else works on it. */
  async claim(id: string, owner: string, leaseMs: number): Promise<Evaluation | undefined> {
    const [rows] = await this.dataSource.query<[unknown[], number]>(
      `UPDATE evaluation SET status = 'running', lease_owner = $2, attempts = attempts + 1,
         lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond',
         started_at = coalesce(started_at, clock_timestamp())
       WHERE id = $1 AND (status = 'queued' OR (status = 'running' AND lease_expires_at <= clock_timestamp()))
       RETURNING id`,
      [id, owner, leaseMs],
    );
    return rows.length === 0 ? undefined : this.get(id);
  }

  /** Renews the lease for `leaseMs` milliseconds from now. */
  async heartbeat(id: string, owner: string, leaseMs: number): Promise<Heartbeat> {
    const [rows] = await this.dataSource.query<[{ cancel_requested: boolean }[], number]>(
      `UPDATE evaluation SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
       WHERE id = $1 AND lease_owner = $2 AND status = 'running' RETURNING cancel_requested`,
      [id, owner, leaseMs],
    );
    return { alive: rows[0] !== undefined, cancelRequested: rows[0]?.cancel_requested ?? false };
  }

  /** Throws conflict `lease_lost`, as all that follow. */
  report(id: string, owner: string, progress: EvaluationProgress): Promise<void> {
    return this.write(id, owner, { progress });
  }

  /** Hands it back to the queue; the attempt does not count. */
  release(id: string, owner: string): Promise<void> {
    return this.write(id, owner, { status: 'queued', attempts: () => 'attempts - 1', ...noLease });
  }

  /**
   * As all that end it, it settles the gate of its job and writes its last event in the same transaction; `verdict` is null
   * where there is no gate.
   */
  succeed(id: string, owner: string, outcome: EvaluationOutcome, verdict: Verdict | null): Promise<void> {
    const change = { status: 'succeeded', ...outcome, ...noLease, finishedAt: now } as const;
    return this.write(id, owner, change, { verdict, event: SUCCEEDED });
  }

  fail(id: string, owner: string, error: Failure): Promise<void> {
    const change = { status: 'failed', error, ...noLease, finishedAt: now } as const;
    return this.write(id, owner, change, failed(error));
  }

  cancel(id: string, owner: string): Promise<void> {
    return this.write(id, owner, { status: 'cancelled', ...noLease, finishedAt: now }, cancelled);
  }

  /** Ends one that no worker holds. Throws conflict `illegal_status`. */
  async reject(id: string, error: Failure): Promise<void> {
    const change = { status: 'failed', error, finishedAt: now } as const;
    if (await this.change({ id, status: 'queued' }, change, failed(error))) return;
    throw illegalChange(id, 'be rejected', (await this.get(id)).status);
  }

  /** Ends a waiting one, asks the holder of a running one to stop. Throws conflict `illegal_status`. */
  async requestCancel(id: string): Promise<Evaluation> {
    const isCancelled =
      (await this.change(
        { id, status: 'queued' },
        { status: 'cancelled', cancelRequested: true, finishedAt: now },
        cancelled,
      )) || (await this.change({ id, status: 'running' }, { cancelRequested: true }));
    const evaluation = await this.get(id);
    if (!isCancelled) throw illegalChange(id, 'be cancelled', evaluation.status);
    return evaluation;
  }

  private async write(id: string, owner: string, change: Change, end?: End): Promise<void> {
    if (await this.change({ id, status: 'running', leaseOwner: owner }, change, end)) return;
    throw leaseLost(id, owner);
  }

  private change(
    from: Partial<EvaluationEntity> & { readonly id: string },
    change: Change,
    end?: End,
  ): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const update = manager.createQueryBuilder().update(EvaluationEntity).set(change);
      const isChanged = (await update.where(from).execute()).affected === 1;
      if (isChanged && end) {
        await appendEvent(manager, evaluationEvents, from.id, end.event);
        const row = await manager.findOneByOrFail(EvaluationEntity, { id: from.id });
        if (end.verdict) await settlePromotion(manager, row, end.verdict);
      }
      return isChanged;
    });
  }
}

/** What an end brings besides the status. */
interface End {
  readonly event: NewJobEvent;
  readonly verdict: Verdict | null;
}

const SUCCEEDED: NewJobEvent = {
  level: 'info',
  message: 'The evaluation has succeeded',
  data: { status: 'succeeded' },
};

const cancelled: End = {
  event: { level: 'info', message: 'The evaluation was cancelled', data: { status: 'cancelled' } },
  verdict: { promoted: false, reason: 'the evaluation was cancelled' },
};

function failed({ code, message }: Failure): End {
  return {
    event: { level: 'error', message, data: { status: 'failed', code } },
    verdict: { promoted: false, reason: `the evaluation failed: ${message}` },
  };
}

type Change = { readonly [Field in keyof EvaluationEntity]?: EvaluationEntity[Field] | (() => string) };
const noLease = { leaseOwner: null, leaseExpiresAt: null };

function toDomain(row: EvaluationEntity): Evaluation {
  const { id, projectId, models, fileId, fileDigest, metrics, settings, progress, status } = row;
  const { cancelRequested, attempts, createdAt, startedAt, jobId, code } = row;
  const facts = {
    ...{ id, project: projectId, models, fileId, fileDigest, metrics, settings: jsonOf(settings), progress },
    ...{ cancelRequested, attempts, createdAt, startedAt, jobId },
  };
  const of = `of evaluation ${id}`;
  const finishedAt = () => present(row.finishedAt, `end ${of}`);
  switch (status) {
    case 'queued':
      return { ...facts, status };
    case 'running':
      return { ...facts, status, lease: present(leaseOf(row), `lease ${of}`) };
    case 'succeeded': {
      const result = jsonOf(present(row.result, `result ${of}`));
      const predictionsKey = present(row.predictionsKey, `predictions ${of}`);
      return { ...facts, status, finishedAt: finishedAt(), result, predictionsKey, code };
    }
    case 'failed':
      return { ...facts, status, finishedAt: finishedAt(), error: present(row.error, `error ${of}`) };
    case 'cancelled':
      return { ...facts, status, finishedAt: finishedAt() };
    default:
      return assertNever(status);
  }
}
