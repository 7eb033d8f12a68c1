import { newId } from '@prad/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addBaseModel, addJob } from '../support/rows.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEASE_MS = 30_000;
const lost = { kind: 'conflict', code: 'lease_lost' };
let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase(4);
  await addBaseModel(db, 'tiny');
});
afterAll(() => db.close());

async function claimed(): Promise<{ id: string; owner: string }> {
  const { id } = await addJob(db, 'tiny');
  const owner = newId('lease');
  await db.fineTuningJobs.claim(id, owner, LEASE_MS);
  return { id, owner };
}

it('keeps the newest state of its holder, tells of the one before, and forgets it at the end', async () => {
  const { id, owner } = await claimed();
  const stateAt = (step: number) => ({ step, blobKey: `training-states/${step}`, digest: 'd', bytes: 9 });
  expect(await db.fineTuningJobs.keepState(id, owner, stateAt(5))).toBeUndefined();
  expect(await db.fineTuningJobs.keepState(id, owner, stateAt(9))).toBe('training-states/5');
  expect(await db.fineTuningJobs.keepState(id, owner, stateAt(9))).toBeUndefined();
  await expect(db.fineTuningJobs.keepState(id, newId('lease'), stateAt(10))).rejects.toMatchObject(lost);
  expect(await db.fineTuningJobs.release(id, owner)).toMatchObject({ trainingState: stateAt(9) });
  expect(await db.fineTuningJobs.requestCancel(id)).toMatchObject({
    status: 'cancelled',
    trainingState: null,
  });
});

it('knows since when it gets no further, until it keeps a state', async () => {
  const { id, owner } = await claimed();
  const { stalledSince } = await db.fineTuningJobs.stall(id, owner);
  expect(stalledSince).toBeInstanceOf(Date);
  expect(await db.fineTuningJobs.stall(id, owner)).toMatchObject({ stalledSince });
  expect(await db.fineTuningJobs.release(id, owner)).toMatchObject({ status: 'queued', stalledSince });
  const next = newId('lease');
  await db.fineTuningJobs.claim(id, next, LEASE_MS);
  await db.fineTuningJobs.keepState(id, next, {
    step: 1,
    blobKey: 'training-states/1',
    digest: 'd',
    bytes: 9,
  });
  expect(await db.fineTuningJobs.get(id)).toMatchObject({ status: 'running', stalledSince: null });
});

it('tells its holder of a pause, waits without a lease, and is claimable again once resumed', async () => {
  const { id, owner } = await claimed();
  expect(await db.fineTuningJobs.requestPause(id)).toMatchObject({ status: 'running', pauseRequested: true });
  expect(await db.fineTuningJobs.heartbeat(id, owner, LEASE_MS)).toMatchObject({ pauseRequested: true });
  expect(await db.fineTuningJobs.pause(id, owner)).toMatchObject({ status: 'paused', attempts: 0 });
  expect(await db.fineTuningJobs.claim(id, newId('lease'), LEASE_MS)).toBeUndefined();
  expect(await db.fineTuningJobs.claimable(100)).not.toContain(id);
  expect(await db.fineTuningJobs.resume(id)).toMatchObject({ status: 'queued', pauseRequested: false });
  expect(await db.fineTuningJobs.claimable(100)).toContain(id);
  await expect(db.fineTuningJobs.resume(id)).rejects.toMatchObject({ code: 'illegal_status' });
});

it('keeps the newest checkpoints and the best', async () => {
  const { id, owner } = await claimed();
  for (const [step, validLoss] of [
    [1, 3],
    [2, 1],
    [3, 2],
    [4, 2.5],
    [5, null],
  ] as const) {
    const blob = { digest: 'd', blobKey: `checkpoints/${step}`, bytes: 1 };
    await db.checkpoints.add(owner, { jobId: id, step, trainLoss: null, validLoss, ...blob });
  }
  expect([...(await db.checkpoints.prune(id, owner, 2))].sort()).toEqual(['checkpoints/1', 'checkpoints/3']);
  const kept = (await db.checkpoints.list(id, { limit: 10 })).items.map(({ step }) => step);
  expect(kept.sort()).toEqual([2, 4, 5]);
  await expect(db.checkpoints.prune(id, newId('lease'), 1)).rejects.toMatchObject(lost);
});

it('splits its batches for good and says so, under the lease alone', async () => {
  const { id, owner } = await claimed();
  const split = await db.fineTuningJobs.splitBatches(id, owner, 4, 'out of memory');
  expect(split.method.hyperparameters).toMatchObject({
    ...{ betas: [0.9, 0.999], gradientAccumulationSteps: 4 },
  });
  expect(split.warnings).toEqual(['out of memory']);
  await expect(db.fineTuningJobs.splitBatches(id, newId('lease'), 8, '')).rejects.toMatchObject(lost);
});
