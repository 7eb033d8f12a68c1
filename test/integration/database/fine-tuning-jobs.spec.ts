import { DEFAULT_PROJECT, newAdapterName, newId, type FineTuningJob } from '@prad/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, addFile, addJob } from '../support/rows.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEASE_MS = 30_000;
let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase(20);
  await addBaseModel(db, 'tiny');
});
afterAll(() => db.close());

const newJob = (): Promise<FineTuningJob> => addJob(db, 'tiny');

async function claimed(leaseMs = LEASE_MS): Promise<{ id: string; owner: string }> {
  const { id } = await newJob();
  const owner = newId('lease');
  expect(await db.fineTuningJobs.claim(id, owner, leaseMs)).toBeDefined();
  return { id, owner };
}

function outcome(name = newAdapterName('tiny', 'reviews')) {
  const method = {
    method: 'adapter',
    options: { rank: 8 },
    scope: 'prompt',
    parameterCount: 1234,
    task: null,
  };
  return {
    adapter: { id: name, baseModel: 'tiny', baseDigest: 'd'.repeat(64), ...method },
    version: { digest: 'e'.repeat(64), blobKey: 'adapters/e', bytes: 99 },
    trainedTokens: 4321,
  };
}

const failure = { code: 'out_of_memory', message: 'there is not enough memory', param: null };

describe('a fine-tuning job', () => {
  it('comes back as it was created', async () => {
    const job = await newJob();
    expect(job).toMatchObject({
      ...{ status: 'queued', model: 'tiny', task: null, suffix: 'reviews', seed: 7, metadata: { team: 'x' } },
      ...{
        attempts: 0,
        cancelRequested: false,
        progress: null,
        trainedTokens: 0,
        startedAt: null,
        warnings: [],
      },
      method: { adapter: 'adapter', options: { rank: 8 }, hyperparameters: { betas: [0.9, 0.999] } },
    });
    expect(job.createdAt).toBeInstanceOf(Date);
    expect(await db.fineTuningJobs.get(job.id)).toEqual(job);
  });

  it('is refused for a model or file that is not there', async () => {
    const { method, trainingFile } = await newJob();
    const good = {
      ...{
        id: newId('ftjob'),
        project: DEFAULT_PROJECT,
        status: 'queued' as const,
        model: 'tiny',
        task: null,
        trainingFile,
      },
      ...{ validationFile: null, suffix: null, seed: 1, metadata: {}, method },
    };
    const refused = (change: object) => expect(db.fineTuningJobs.create({ ...good, ...change })).rejects;
    await refused({ model: 'none' }).toMatchObject({ kind: 'notFound', code: 'model_not_found' });
    await refused({ trainingFile: 'file-none' }).toMatchObject({ code: 'file_not_found' });
    await refused({ validationFile: 'file-none' }).toMatchObject({ code: 'file_not_found' });
    await expect(db.fineTuningJobs.get(good.id)).rejects.toMatchObject({ code: 'fine_tuning_job_not_found' });
  });

  it('is claimed by exactly one of many', async () => {
    const { id } = await newJob();
    const owners = Array.from({ length: 20 }, () => newId('lease'));
    const claims = await Promise.all(owners.map((owner) => db.fineTuningJobs.claim(id, owner, LEASE_MS)));
    const won = claims.filter((claim) => claim !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ status: 'running', attempts: 1 });
    expect(await db.fineTuningJobs.get(id)).toEqual(won[0]);
  });

  it('is claimed by exactly one of many once the lease of a killed worker has ended', async () => {
    const { id, owner } = await claimed(1);
    await sleep(5);
    expect(await db.fineTuningJobs.claimable(1000)).toContain(id);
    const owners = Array.from({ length: 20 }, () => newId('lease'));
    const claims = await Promise.all(owners.map((next) => db.fineTuningJobs.claim(id, next, LEASE_MS)));
    expect(claims.filter((claim) => claim !== undefined)).toMatchObject([{ attempts: 2 }]);
    expect(await db.fineTuningJobs.claimable(1000)).not.toContain(id);
    expect(await db.fineTuningJobs.heartbeat(id, owner, LEASE_MS)).toMatchObject({
      alive: false,
      cancelRequested: false,
    });
  });

  it('refuses every write of a holder that has lost its lease', async () => {
    const { id, owner } = await claimed(1);
    await sleep(5);
    const thief = newId('lease');
    await db.fineTuningJobs.claim(id, thief, LEASE_MS);
    const before = await db.fineTuningJobs.get(id);
    const stale = { kind: 'conflict', code: 'lease_lost' };
    await expect(db.fineTuningJobs.succeed(id, owner, outcome())).rejects.toMatchObject(stale);
    await expect(db.fineTuningJobs.fail(id, owner, failure)).rejects.toMatchObject(stale);
    await expect(db.fineTuningJobs.cancel(id, owner)).rejects.toMatchObject(stale);
    await expect(db.fineTuningJobs.release(id, owner)).rejects.toMatchObject(stale);
    await expect(db.jobMetrics.append(id, owner, [{ step: 1, trainLoss: 1 }])).rejects.toMatchObject(stale);
    await expect(db.jobEvents.append(id, { level: 'info', message: 'x' }, owner)).rejects.toMatchObject(
      stale,
    );
    const blob = { digest: 'f'.repeat(64), blobKey: 'c/1', bytes: 1 };
    const checkpoint = { jobId: id, step: 1, trainLoss: 1, validLoss: null, ...blob };
    await expect(db.checkpoints.add(owner, checkpoint)).rejects.toMatchObject(stale);
    expect(await db.fineTuningJobs.get(id)).toEqual(before);
    expect(await db.jobMetrics.series(id)).toEqual([]);
    expect(await db.checkpoints.latest(id)).toBeUndefined();
    expect((await db.adapters.list(DEFAULT_PROJECT, { limit: 100 })).items).toEqual([]);
  });

  it('keeps a lease that is renewed, even late, as long as nobody took it', async () => {
    const { id, owner } = await claimed(1);
    await sleep(5);
    const progress = { step: 3, total: 10 };
    expect(await db.fineTuningJobs.heartbeat(id, owner, LEASE_MS, progress)).toMatchObject({ alive: true });
    expect(await db.fineTuningJobs.claim(id, newId('lease'), LEASE_MS)).toBeUndefined();
    expect(await db.fineTuningJobs.get(id)).toMatchObject({ progress });
  });

  it('succeeds with its adapter and first version in one step', async () => {
    const { id, owner } = await claimed();
    const result = outcome();
    const done = await db.fineTuningJobs.succeed(id, owner, result);
    expect(done).toMatchObject({
      status: 'succeeded',
      result: { kind: 'adapter', id: result.adapter.id },
      trainedTokens: 4321,
    });
    const adapter = await db.adapters.get(result.adapter.id);
    expect(adapter).toMatchObject({
      ...result.adapter,
      latest: { version: 1, jobId: id, ...result.version },
    });
    expect(
      (await db.adapters.list(DEFAULT_PROJECT, { limit: 10 }, { baseModel: 'tiny' })).items,
    ).toContainEqual(adapter);
    expect(await db.fineTuningJobs.claim(id, newId('lease'), LEASE_MS)).toBeUndefined();
    expect(await db.fineTuningJobs.heartbeat(id, owner, LEASE_MS)).toMatchObject({ alive: false });
  });

  it('numbers the versions of one adapter without gaps when several jobs publish at once', async () => {
    const name = newAdapterName('tiny', 'shared');
    const jobs = await Promise.all(Array.from({ length: 6 }, () => claimed()));
    await Promise.all(jobs.map(({ id, owner }) => db.fineTuningJobs.succeed(id, owner, outcome(name))));
    const versions = (await db.adapters.versions(name)).map(({ version }) => version);
    expect(versions).toEqual([6, 5, 4, 3, 2, 1]);
    expect((await db.adapters.get(name)).latest.version).toBe(6);
  });

  it('leaves no adapter behind when its end is refused', async () => {
    const { id, owner } = await claimed();
    const result = outcome();
    const broken = { ...result, adapter: { ...result.adapter, baseModel: 'none' } };
    await expect(db.fineTuningJobs.succeed(id, owner, broken)).rejects.toThrow();
    expect(await db.adapters.find(result.adapter.id)).toBeUndefined();
    expect(await db.fineTuningJobs.get(id)).toMatchObject({ status: 'running' });
  });

  it('fails with its reason, and a waiting one is rejected', async () => {
    const { id, owner } = await claimed();
    expect(await db.fineTuningJobs.fail(id, owner, failure)).toMatchObject({
      status: 'failed',
      error: failure,
    });
    const waiting = await newJob();
    expect(await db.fineTuningJobs.reject(waiting.id, failure)).toMatchObject({ status: 'failed' });
    await expect(db.fineTuningJobs.reject(id, failure)).rejects.toMatchObject({ code: 'illegal_status' });
  });

  it('is handed back without losing an attempt', async () => {
    const { id, owner } = await claimed();
    expect(await db.fineTuningJobs.release(id, owner)).toMatchObject({ status: 'queued', attempts: 0 });
    expect(await db.fineTuningJobs.claim(id, newId('lease'), LEASE_MS)).toMatchObject({ attempts: 1 });
  });

  it('is cancelled at once while it waits, and by its holder while it runs', async () => {
    const waiting = await newJob();
    expect(await db.fineTuningJobs.requestCancel(waiting.id)).toMatchObject({ status: 'cancelled' });
    expect(await db.fineTuningJobs.claim(waiting.id, newId('lease'), LEASE_MS)).toBeUndefined();
    const { id, owner } = await claimed();
    expect(await db.fineTuningJobs.requestCancel(id)).toMatchObject({
      status: 'running',
      cancelRequested: true,
    });
    expect(await db.fineTuningJobs.heartbeat(id, owner, LEASE_MS)).toMatchObject({
      alive: true,
      cancelRequested: true,
    });
    expect(await db.fineTuningJobs.cancel(id, owner)).toMatchObject({ status: 'cancelled' });
    await expect(db.fineTuningJobs.requestCancel(id)).rejects.toMatchObject({ code: 'illegal_status' });
  });

  it('is either claimed or cancelled when both happen at once', async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await newJob();
      const [claim, cancel] = await Promise.all([
        db.fineTuningJobs.claim(id, newId('lease'), LEASE_MS),
        db.fineTuningJobs.requestCancel(id),
      ]);
      expect(cancel.status).toBe(claim === undefined ? 'cancelled' : 'running');
      expect(await db.fineTuningJobs.get(id)).toMatchObject({ status: cancel.status, cancelRequested: true });
    }
  });

  it('goes from validation to the queue', async () => {
    const { method, trainingFile } = await newJob();
    const job = await db.fineTuningJobs.create({
      ...{
        id: newId('ftjob'),
        project: DEFAULT_PROJECT,
        status: 'validating_files',
        model: 'tiny',
        task: null,
        trainingFile,
      },
      ...{ validationFile: await addFile(db), suffix: null, seed: 1, metadata: {}, method },
    });
    expect(await db.fineTuningJobs.claim(job.id, newId('lease'), LEASE_MS)).toBeUndefined();
    expect(await db.fineTuningJobs.queue(job.id)).toMatchObject({ status: 'queued' });
    await expect(db.fineTuningJobs.queue(job.id)).rejects.toMatchObject({ code: 'illegal_status' });
  });
});

describe('the list of jobs', () => {
  it('runs newest first in pages, filtered', async () => {
    await addBaseModel(db, 'listed');
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await addJob(db, 'listed')).id);
    const page = (after?: string) =>
      db.fineTuningJobs.list(DEFAULT_PROJECT, { limit: 2, after }, { model: 'listed' });
    const first = await page();
    const second = await page(first.items.at(-1)?.id);
    const third = await page(second.items.at(-1)?.id);
    const pages = [first, second, third];
    expect(pages.map(({ items }) => items.map(({ id }) => id))).toEqual([
      ids.slice(0, 2),
      ids.slice(2, 4),
      ids.slice(4),
    ]);
    expect(pages.map(({ hasMore }) => hasMore)).toEqual([true, true, false]);
    expect(
      (await db.fineTuningJobs.list(DEFAULT_PROJECT, { limit: 9 }, { model: 'listed', status: 'failed' }))
        .items,
    ).toEqual([]);
    await expect(page('ftjob-none')).rejects.toMatchObject({ kind: 'invalid', code: 'unknown_cursor' });
  });
});

describe('events', () => {
  it('have sequences without gaps when many are added at once', async () => {
    const { id } = await newJob();
    const added = await Promise.all(
      Array.from({ length: 60 }, (_, i) => db.jobEvents.append(id, { level: 'info', message: String(i) })),
    );
    expect(added.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    const read = await db.jobEvents.listAfter(id, 0, 100);
    expect(read.map(({ message }) => message)).toEqual(
      [...added].sort((a, b) => a.sequence - b.sequence).map(({ message }) => message),
    );
  });

  it('are never seen by a follower before an earlier one', async () => {
    const { id } = await newJob();
    const seen: number[] = [];
    let writing = true;
    const follow = async (): Promise<void> => {
      for (;;) {
        const last = !writing;
        for (const { sequence } of await db.jobEvents.listAfter(id, seen.at(-1) ?? 0, 10))
          seen.push(sequence);
        if (last && seen.length >= 100) return;
      }
    };
    const writers = Array.from({ length: 5 }, async () => {
      for (let i = 0; i < 20; i++) await db.jobEvents.append(id, { level: 'info', message: 'x' });
    });
    const following = follow();
    await Promise.all(writers);
    writing = false;
    await following;
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('carry data, are read after a sequence and listed newest first', async () => {
    const { id, owner } = await claimed();
    await db.jobEvents.append(id, { level: 'info', message: 'one' });
    const data = { step: 2, loss: 0.5 };
    const second = await db.jobEvents.append(
      id,
      { level: 'warn', type: 'metrics', message: 'two', data },
      owner,
    );
    expect(second).toMatchObject({ sequence: 2, type: 'metrics', data });
    expect(await db.jobEvents.listAfter(id, 1, 10)).toEqual([second]);
    const newest = await db.jobEvents.list(id, { limit: 1 });
    expect(newest).toEqual({ items: [second], hasMore: true });
    const older = await db.jobEvents.list(id, { limit: 5, after: second.id });
    expect(older.items.map(({ message }) => message)).toEqual(['one']);
    await expect(db.jobEvents.append('ftjob-none', { level: 'info', message: 'x' })).rejects.toMatchObject({
      code: 'fine_tuning_job_not_found',
    });
  });
});

describe('metrics', () => {
  it('are written in batches, merged by step and read after a sequence', async () => {
    const { id, owner } = await claimed();
    await db.jobMetrics.append(id, owner, [
      { step: 0, validLoss: 5 },
      { step: 1, trainLoss: 4, learningRate: 1e-3, gradientNorm: 2, tokensPerSecond: 100, stepSeconds: 0.1 },
    ]);
    await db.jobMetrics.append(id, owner, [
      { step: 2, trainLoss: Number.NaN },
      { step: 1, validLoss: 4.5 },
    ]);
    await db.jobMetrics.append(id, owner, []);
    const series = await db.jobMetrics.series(id);
    expect(
      series.map(({ step, trainLoss, validLoss, sequence }) => [step, trainLoss, validLoss, sequence]),
    ).toEqual([
      [0, null, 5, 1],
      [1, 4, 4.5, 4],
      [2, Number.NaN, null, 3],
    ]);
    expect((await db.jobMetrics.listAfter(id, 2, 10)).map(({ step }) => step)).toEqual([2, 1]);
  });
});

describe('checkpoints', () => {
  it('are listed, and a step that is trained again replaces its checkpoint', async () => {
    const { id, owner } = await claimed();
    const at = (step: number, digest: string) =>
      db.checkpoints.add(owner, {
        ...{
          jobId: id,
          step,
          trainLoss: 1.5,
          validLoss: null,
          digest,
          blobKey: `checkpoints/${digest}`,
          bytes: 10,
        },
      });
    const first = await at(10, 'a');
    const second = await at(20, 'b');
    const again = await at(10, 'c');
    expect(again).toMatchObject({ id: first.id, digest: 'c', step: 10 });
    expect(await db.checkpoints.latest(id)).toEqual(second);
    expect((await db.checkpoints.list(id, { limit: 10 })).items).toEqual([second, again]);
    expect(await db.checkpoints.get(second.jobId, second.id)).toEqual(second);
    await expect(db.checkpoints.get('ftjob-other', second.id)).rejects.toMatchObject({
      code: 'checkpoint_not_found',
    });
  });
});
