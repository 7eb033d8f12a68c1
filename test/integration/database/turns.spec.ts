import { newId } from '@prad/domain';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { addBaseModel, addJob } from '../support/rows.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEASE_MS = 60_000;
let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase(20);
  await addBaseModel(db, 'tiny');
  for (const project of ['many', 'few', 'late']) await db.apiKeys.create(project, '');
});
afterEach(async () => {
  await db.dataSource.query(`DELETE FROM inference_job`);
});
afterAll(() => db.close());

interface Wish {
  readonly priority?: number;
  readonly turns?: number;
}

async function add(project: string, wish: Wish = {}): Promise<string> {
  const id = newId('cmpl');
  const model = { baseModel: 'tiny', adapter: null, adapterVersion: null };
  const request = { id, project, endpoint: 'completion', ...model, request: {}, ...wish } as const;
  const { place, createdAt } = await db.inferenceJobs.create(request);
  const { turn, priority } = await db.inferenceJobs.placeOf(id);
  expect(place).toMatchObject({ turn, priority });
  expect(createdAt).toEqual((await db.inferenceJobs.get(id)).createdAt);
  return id;
}

async function turnOf(id: string): Promise<number> {
  return (await db.inferenceJobs.placeOf(id)).turn;
}

async function turnsOf(project: string, count: number, wish?: Wish): Promise<number[]> {
  const turns: number[] = [];
  for (let made = 0; made < count; made++) turns.push(await turnOf(await add(project, wish)));
  return turns;
}

/** Ends the work on a request, which frees a slot. */
async function finish(id: string, owner: string): Promise<void> {
  const usage = { promptTokens: 1, completionTokens: 1 };
  const timings = { queueMs: 1, prefillMs: 1, decodeMs: 1 };
  await db.inferenceJobs.succeed(id, owner, { result: {}, usage, timings });
}

it('lets a project that comes begin at the turn that is served, whatever others have heaped up', async () => {
  expect(await turnsOf('many', 5)).toEqual([0, 1, 2, 3, 4]);
  const running = await add('many');
  await db.inferenceJobs.claim(running, newId('lease'), LEASE_MS);
  expect(await turnsOf('few', 3)).toEqual([5, 6, 7]);
});

it('takes the turns of what has ended back', async () => {
  const ids = [await add('many'), await add('many'), await add('many')];
  for (const id of ids) await db.inferenceJobs.requestCancel(id);
  expect(await turnsOf('many', 1)).toEqual([0]);
});

it('takes a turn for each slot of a request, and counts those of every priority apart', async () => {
  expect(await turnsOf('many', 3, { turns: 4 })).toEqual([0, 4, 8]);
  expect(await turnsOf('many', 2, { priority: 5 })).toEqual([0, 1]);
  expect(await db.inferenceJobs.virtualTimes()).toEqual(new Map([0, 5].map((priority) => [priority, 0])));
});

it('gives requests that come at once turns of their own', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, () => add('many')));
  const turns = await Promise.all(ids.map(turnOf));
  expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, turn) => turn));
});

it('serves projects alike that always wait, and at once one that asks for less than its share', async () => {
  const SLOTS = 4;
  const streams = { many: 12, few: 5, late: 1 };
  const waiting: { id: string; project: string; turn: number; at: number }[] = [];
  const running: { id: string; project: string; owner: string }[] = [];
  const served = { many: 0, few: 0, late: 0 };
  let clock = 0;
  let longestWait = 0;
  const ask = async (project: string) => {
    const id = await add(project);
    waiting.push({ id, project, turn: await turnOf(id), at: clock });
  };
  for (const [project, count] of Object.entries(streams))
    for (let stream = 0; stream < count; stream++) await ask(project);
  for (; clock < 120; clock++) {
    while (running.length < SLOTS) {
      waiting.sort((a, b) => a.turn - b.turn || a.at - b.at);
      const { id, project, at } = waiting.shift()!;
      const owner = newId('lease');
      await db.inferenceJobs.claim(id, owner, LEASE_MS);
      running.push({ id, project, owner });
      if (project === 'late') longestWait = Math.max(longestWait, clock - at);
    }
    const { id, project, owner } = running.shift()!;
    await finish(id, owner);
    served[project as keyof typeof served] += 1;
    await ask(project);
  }
  expect(longestWait).toBeLessThanOrEqual(2);
  expect(Math.abs(served.many - served.few)).toBeLessThanOrEqual(2);
});

it('gives trainings turns as it does requests', async () => {
  const jobs = [
    await addJob(db, 'tiny', 'many'),
    await addJob(db, 'tiny', 'many'),
    await addJob(db, 'tiny', 'few'),
  ];
  const places = await Promise.all(jobs.map(({ id }) => db.fineTuningJobs.placeOf(id)));
  expect(places.map(({ turn }) => turn)).toEqual([0, 1, 0]);
  expect(places[0]).toEqual({ priority: 0, turn: 0, virtualTime: 0 });
});
