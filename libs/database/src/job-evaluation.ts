import {
  newId,
  type EvaluatedModel,
  type FineTuningJob,
  type JobEvaluation,
  type Promotion,
  type PromotionGate,
  type Verdict,
} from '@prad/domain';
import { EntityManager } from 'typeorm';
import { AdapterAliasEntity } from './adapter-alias.entity.js';
import { moveAlias } from './adapter-alias.repository.js';
import { lockAdapterIn } from './adapter.repository.js';
import { AdapterEntity } from './adapter.entity.js';
import { AdapterVersionEntity } from './adapter-version.entity.js';
import { BaseModelEntity } from './base-model.entity.js';
import { EvaluationEntity } from './evaluation.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { appendEvent } from './event.repository.js';
import { jobEvents } from './job-event.repository.js';
import { present } from './corrupt-row.js';

/** What a job made, as an evaluation names it. */
export interface MadeModel {
  readonly baseModel: string;
  readonly adapter: { readonly id: string; readonly version: number; readonly digest: string } | null;
}

/**
 * Queues the evaluation of what a job made, within the transaction that ends the job, so that there is one and only one. It
 * is compared with what the gate's alias stands for now, or with the job's base model.
 */
export async function queueJobEvaluation(
  manager: EntityManager,
  job: FineTuningJob,
  asked: JobEvaluation,
  made: MadeModel,
): Promise<string> {
  const { fileId, fileDigest, metrics, settings, promote } = asked;
  const id = newId('eval');
  const present = promote && made.adapter ? await standing(manager, made.adapter.id, promote) : undefined;
  const baseline: MadeModel = { baseModel: job.model, adapter: present ?? null };
  const models = [await evaluated(manager, baseline), await evaluated(manager, made)];
  await manager.insert(EvaluationEntity, {
    ...{ id, projectId: job.project, status: 'queued', models, fileId, fileDigest, metrics, settings },
    jobId: job.id,
  });
  return id;
}

/** The version that the gate's alias stands for; undefined for none. */
async function standing(
  manager: EntityManager,
  id: string,
  { alias }: PromotionGate,
): Promise<MadeModel['adapter'] | undefined> {
  const found = await manager.findOneBy(AdapterAliasEntity, { adapterId: id, name: alias });
  if (found === null) return undefined;
  const { version } = found;
  const { digest } = await manager.findOneByOrFail(AdapterVersionEntity, { adapterId: id, version });
  return { id, version, digest };
}

async function evaluated(manager: EntityManager, model: MadeModel): Promise<EvaluatedModel> {
  const { baseModel, adapter } = model;
  const { digest } = await manager.findOneByOrFail(BaseModelEntity, { id: baseModel });
  const name = adapter ? `${adapter.id}@${adapter.version}` : baseModel;
  const baseDigest = present(digest, `digest of base model ${baseModel}`);
  const named = { adapter: adapter?.id ?? null, adapterVersion: adapter?.version ?? null };
  return { name, baseModel, baseDigest, ...named, adapterDigest: adapter?.digest ?? null };
}

/**
 * Ends the gate of the evaluation's job, within the transaction that ends the evaluation: moves the alias where the verdict
 * says so and the alias still stands for what was compared with, and tells it in the job and its events.
 */
export async function settlePromotion(
  manager: EntityManager,
  { jobId, models, id: evaluationId }: Pick<EvaluationEntity, 'id' | 'jobId' | 'models'>,
  verdict: Verdict,
): Promise<void> {
  if (jobId === null) return;
  const job = await manager.findOneByOrFail(FineTuningJobEntity, { id: jobId });
  const { evaluation, projectId } = job;
  const [baseline, made] = models;
  if (!evaluation?.promote || job.promotion !== null || !made?.adapter || !made.adapterVersion) return;
  const { alias } = evaluation.promote;
  const { adapter, adapterVersion: version } = made;
  const comparedWith = baseline?.adapterVersion ?? null;
  const place = { adapter, version, alias, comparedWith };
  const { promoted, reason } = verdict.promoted ? await promote(manager, projectId, place, verdict) : verdict;
  const promotion: Promotion = { promoted, reason, ...place };
  await manager.update(
    FineTuningJobEntity,
    { id: jobId },
    { promotion, updatedAt: () => 'clock_timestamp()' },
  );
  const message = `${adapter}@${version} was ${promoted ? '' : 'not '}promoted to ${alias}: ${reason}`;
  const data = { promoted, adapter, version, alias, evaluation: evaluationId };
  await appendEvent(manager, jobEvents, jobId, { level: promoted ? 'info' : 'warn', message, data });
}

async function promote(
  manager: EntityManager,
  project: string,
  { adapter, version, alias, comparedWith }: Omit<Promotion, keyof Verdict>,
  verdict: Verdict,
): Promise<Verdict> {
  const { deletedAt } = await manager.findOneByOrFail(AdapterEntity, { id: adapter });
  if (deletedAt !== null) return { promoted: false, reason: 'the adapter was deleted meanwhile' };
  await lockAdapterIn(manager, project, adapter);
  const now = await manager.findOneBy(AdapterAliasEntity, { adapterId: adapter, name: alias });
  if ((now?.version ?? null) !== comparedWith) {
    const named = (is: number | null) => (is === null ? 'no version' : `version ${is}`);
    const moved = `${alias} stands for ${named(now?.version ?? null)} by now, it was compared with ${named(comparedWith)}`;
    return { promoted: false, reason: moved };
  }
  await moveAlias(manager, adapter, alias, version);
  return verdict;
}
