import { DEFAULT_PROJECT, isAlive, newId } from '@prad/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, addFile, addJob, addRequest, modelContent } from '../support/rows.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEASE_MS = 30_000;
let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  await addBaseModel(db, 'base');
});
afterAll(() => db.close());

describe('a base model', () => {
  it('is imported under a lease and then ready', async () => {
    const made = await db.baseModels.create({ id: 'm1', source: 'hf:org/m1' });
    expect(made).toMatchObject({ id: 'm1', status: 'importing', lease: null });
    await expect(db.baseModels.getReady('m1')).rejects.toMatchObject({ code: 'model_not_ready' });
    const owners = Array.from({ length: 8 }, () => newId('lease'));
    const claims = await Promise.all(owners.map((owner) => db.baseModels.claim('m1', owner, LEASE_MS)));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    const owner = owners[claims.findIndex((claim) => claim !== undefined)] ?? '';
    expect(await db.baseModels.heartbeat('m1', owner, LEASE_MS)).toEqual({
      alive: true,
      cancelRequested: false,
    });
    expect(await db.baseModels.heartbeat('m1', 'other', LEASE_MS)).toMatchObject({ alive: false });
    await expect(db.baseModels.complete('m1', 'other', modelContent)).rejects.toMatchObject({
      code: 'lease_lost',
    });
    expect(await db.baseModels.complete('m1', owner, modelContent)).toMatchObject({
      status: 'ready',
      ...modelContent,
    });
    expect(await db.baseModels.claim('m1', newId('lease'), LEASE_MS)).toBeUndefined();
    await expect(db.baseModels.create({ id: 'm1', source: 'x' })).rejects.toMatchObject({
      code: 'model_exists',
    });
  });

  it('is handed back, fails with its reason, and can then be imported anew', async () => {
    await db.baseModels.create({ id: 'm2', source: 'a' });
    await db.baseModels.claim('m2', 'one', LEASE_MS);
    await db.baseModels.release('m2', 'one');
    expect(await db.baseModels.claim('m2', 'two', LEASE_MS)).toBeDefined();
    const error = { code: 'corrupt_file', message: 'the file is truncated', param: null };
    await db.baseModels.fail('m2', 'two', error);
    expect(await db.baseModels.get('m2')).toMatchObject({ status: 'failed', error });
    expect(await db.baseModels.create({ id: 'm2', source: 'b' })).toMatchObject({
      status: 'importing',
      source: 'b',
    });
  });

  it('is deleted only while nothing names it', async () => {
    await addBaseModel(db, 'm3');
    await addJob(db, 'm3');
    await expect(db.baseModels.delete('m3')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'model_in_use',
    });
    await addBaseModel(db, 'm4');
    expect(await db.baseModels.delete('m4')).toMatchObject({ id: 'm4', blobKey: modelContent.blobKey });
    await expect(db.baseModels.get('m4')).rejects.toMatchObject({
      kind: 'notFound',
      code: 'model_not_found',
    });
    expect((await db.baseModels.list('ready')).map(({ id }) => id)).toEqual(['base', 'm1', 'm3']);
  });
});

describe('a data file', () => {
  it('is deleted when no unfinished job needs it, and stays for jobs that used it', async () => {
    const job = await addJob(db, 'base');
    await expect(db.dataFiles.delete(DEFAULT_PROJECT, job.trainingFile)).rejects.toMatchObject({
      code: 'file_in_use',
    });
    await db.fineTuningJobs.requestCancel(job.id);
    const deleted = await db.dataFiles.delete(DEFAULT_PROJECT, job.trainingFile);
    expect(deleted).toMatchObject({ id: job.trainingFile, rows: 3, bytes: 12 });
    await expect(db.dataFiles.get(job.trainingFile)).rejects.toMatchObject({ code: 'file_not_found' });
    await expect(db.dataFiles.delete(DEFAULT_PROJECT, job.trainingFile)).rejects.toMatchObject({
      code: 'file_not_found',
    });
    expect(await db.fineTuningJobs.get(job.id)).toMatchObject({ trainingFile: job.trainingFile });
  });

  it('is not found by its own list after its deletion', async () => {
    const [kept, gone] = [await addFile(db), await addFile(db)];
    await db.dataFiles.delete(DEFAULT_PROJECT, gone);
    const ids = (await db.dataFiles.list(DEFAULT_PROJECT, { limit: 1000 }, 'fine-tune')).items.map(
      ({ id }) => id,
    );
    expect(ids).toContain(kept);
    expect(ids).not.toContain(gone);
    expect((await db.dataFiles.list(DEFAULT_PROJECT, { limit: 1000 }, 'evals')).items).toEqual([]);
  });
});

describe('an inference job', () => {
  const outcome = {
    result: { choices: [{ text: ' Paris', finish_reason: 'stop' }] },
    usage: { promptTokens: 5, completionTokens: 1 },
    timings: { queueMs: 1, prefillMs: 2.5, decodeMs: null },
  };

  it('is claimed once, renewed and answered', async () => {
    const { id } = await addRequest(db, 'base');
    const owners = Array.from({ length: 10 }, () => newId('lease'));
    const claims = await Promise.all(owners.map((owner) => db.inferenceJobs.claim(id, owner, LEASE_MS)));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    const owner = owners[claims.findIndex((claim) => claim !== undefined)] ?? '';
    const another = await addRequest(db, 'base');
    const held = [
      { id, owner },
      { id: another.id, owner },
      { id, owner: 'another' },
    ];
    expect([...(await db.inferenceJobs.heartbeats(held, LEASE_MS))]).toEqual([
      [owner, { alive: true, cancelRequested: false }],
    ]);
    const done = await db.inferenceJobs.succeed(id, owner, outcome);
    expect(done).toMatchObject({ status: 'succeeded', ...outcome });
    expect(await db.inferenceJobs.get(id)).toEqual(done);
    expect(await db.inferenceJobs.requestCancel(id)).toEqual(done);
  });

  it('of a killed worker is taken up by another, and the first is refused', async () => {
    const { id } = await addRequest(db, 'base');
    await db.inferenceJobs.claim(id, 'dead', 1);
    await sleep(5);
    expect(await db.inferenceJobs.claim(id, 'next', LEASE_MS)).toMatchObject({ attempts: 2 });
    await expect(db.inferenceJobs.succeed(id, 'dead', outcome)).rejects.toMatchObject({ code: 'lease_lost' });
    expect((await db.inferenceJobs.heartbeats([{ id, owner: 'dead' }], LEASE_MS)).size).toBe(0);
    expect(await db.inferenceJobs.release(id, 'next')).toMatchObject({ status: 'queued', attempts: 1 });
  });

  it('loses no change of several that are made at once', async () => {
    for (let round = 0; round < 20; round++) {
      const { id } = await addRequest(db, 'base');
      const owner = newId('lease');
      const [claim, cancel] = await Promise.all([
        db.inferenceJobs.claim(id, owner, LEASE_MS),
        db.inferenceJobs.requestCancel(id),
      ]);
      expect(cancel.status).toBe(claim === undefined ? 'cancelled' : 'running');
      expect(await db.inferenceJobs.get(id)).toMatchObject({ status: cancel.status, cancelRequested: true });
      if (claim === undefined) continue;
      const [, done] = await Promise.all([
        db.inferenceJobs.heartbeats([{ id, owner }], LEASE_MS),
        db.inferenceJobs.succeed(id, owner, outcome),
        db.inferenceJobs.requestCancel(id),
      ]);
      expect(await db.inferenceJobs.get(id)).toEqual(done);
    }
  });

  it('is cancelled when its client leaves', async () => {
    const waiting = await addRequest(db, 'base');
    expect(await db.inferenceJobs.requestCancel(waiting.id)).toMatchObject({ status: 'cancelled' });
    const { id } = await addRequest(db, 'base');
    await db.inferenceJobs.claim(id, 'me', LEASE_MS);
    await db.inferenceJobs.requestCancel(id);
    const heartbeats = await db.inferenceJobs.heartbeats([{ id, owner: 'me' }], LEASE_MS);
    expect(heartbeats.get('me')).toEqual({ alive: true, cancelRequested: true });
    expect(await db.inferenceJobs.cancel(id, 'me')).toMatchObject({ status: 'cancelled' });
  });

  it('fails with its reason, is rejected while it waits, and is refused for an unknown model', async () => {
    const error = { code: 'context_too_long', message: 'the prompt is too long', param: 'prompt' };
    const { id } = await addRequest(db, 'base');
    await db.inferenceJobs.claim(id, 'me', LEASE_MS);
    expect(await db.inferenceJobs.fail(id, 'me', error)).toMatchObject({ status: 'failed', error });
    const waiting = await addRequest(db, 'base');
    expect(await db.inferenceJobs.reject(waiting.id, error)).toMatchObject({ status: 'failed', error });
    await expect(addRequest(db, 'none')).rejects.toMatchObject({ code: 'model_not_found' });
    const failed = await db.inferenceJobs.list(
      DEFAULT_PROJECT,
      { limit: 10 },
      { status: 'failed', baseModel: 'base' },
    );
    expect(failed.items.map((job) => job.id)).toEqual([waiting.id, id]);
  });
});

describe('tasks and evaluations', () => {
  it('are made once, listed by name and deleted, each project its own', async () => {
    const task = { project: DEFAULT_PROJECT, name: 'reviews', definition: { prompt: '{{ text }}' } };
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => db.tasks.create(task)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(db.tasks.create(task)).rejects.toMatchObject({ code: 'task_exists' });
    await db.tasks.create({ ...task, name: 'a' });
    expect((await db.tasks.list(DEFAULT_PROJECT)).map(({ name }) => name)).toEqual(['a', 'reviews']);
    expect(await db.tasks.get(DEFAULT_PROJECT, 'reviews')).toMatchObject(task);
    expect(await db.tasks.find('other', 'reviews')).toBeUndefined();
    await expect(db.tasks.delete('other', 'a')).rejects.toMatchObject({ code: 'task_not_found' });
    await db.tasks.delete(DEFAULT_PROJECT, 'a');
    await expect(db.tasks.get(DEFAULT_PROJECT, 'a')).rejects.toMatchObject({ code: 'task_not_found' });
  });

  it('of an adapter are found by base model and task', async () => {
    const fileId = await addFile(db);
    const result = await db.evaluationResults.create({
      ...{ baseModel: 'base', adapterVersionId: null, fileId, task: 'reviews', rows: 10 },
      ...{ scores: { bleu: 0.5 }, settings: { temperature: 0 } },
    });
    const page = await db.evaluationResults.list({ limit: 10 }, { baseModel: 'base', task: 'reviews' });
    expect(page).toEqual({ items: [result], hasMore: false });
  });
});

describe('a worker', () => {
  it('registers, reports, falls silent and is removed', async () => {
    const id = newId('worker');
    const facts = {
      id,
      roles: ['train', 'generate'],
      device: 'cpu',
      host: 'here',
      pid: 1,
      slots: 4,
    } as const;
    await db.workerNodes.register(facts);
    expect(await db.workerNodes.report(id, { currentWork: ['ftjob-1'], memoryBytes: 3e9 })).toBe(true);
    const [worker] = await db.workerNodes.list();
    expect(worker).toMatchObject({ ...facts, currentWork: ['ftjob-1'], memoryBytes: 3e9 });
    expect(worker && isAlive(worker, new Date(), 10_000)).toBe(true);
    expect(await db.workerNodes.removeSilent(60_000)).toBe(0);
    await sleep(10);
    expect(await db.workerNodes.removeSilent(1)).toBe(1);
    expect(await db.workerNodes.report(id, { currentWork: [], memoryBytes: 0 })).toBe(false);
  });
});
