import type { Repositories } from '@prad/database';
import type { JobProducer } from '@prad/queue';
import { expect, it } from 'vitest';
import { QueueUpkeep } from './queue-upkeep.js';

const nothing = { claimable: () => Promise.resolve([]), virtualTimes: () => Promise.resolve(new Map()) };
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** 250 requests that wait at the given virtual time; tells which of them one pass looked at. */
class Backlog {
  virtualTime = 0;
  broken = false;
  private looked: string[] = [];
  private readonly ids = Array.from(
    { length: 250 },
    (_, place) => `request-${String(place).padStart(3, '0')}`,
  );
  private readonly upkeep = new QueueUpkeep(
    {
      ...{ fineTuningJobs: nothing, evaluations: nothing, baseModels: nothing, sweeps: nothing },
      inferenceJobs: {
        virtualTimes: () => Promise.resolve(new Map([[0, this.virtualTime]])),
        claimable: (limit: number, after = '') =>
          Promise.resolve(this.ids.filter((id) => id > after).slice(0, limit)),
        placeOf: () => Promise.resolve({ priority: 0, turn: 0, virtualTime: this.virtualTime }),
      },
    } as unknown as Repositories,
    {
      forgetEnded: () => Promise.resolve(),
      restore: (_: string, { inferenceJobId }: { inferenceJobId: string }) => this.restore(inferenceJobId),
    } as unknown as JobProducer,
    silent,
  );

  async pass(): Promise<readonly string[]> {
    this.looked = [];
    this.upkeep.start();
    await this.upkeep.stop();
    return this.looked;
  }

  private restore(id: string): Promise<'kept'> {
    this.looked.push(id);
    return this.broken ? Promise.reject(new Error('no queue')) : Promise.resolve('kept');
  }
}

it('looks at the oldest requests, and once at all of them when places are counted from a later turn', async () => {
  const backlog = new Backlog();
  expect(await backlog.pass()).toHaveLength(100);
  backlog.virtualTime = 4_999;
  expect(await backlog.pass()).toHaveLength(100);
  backlog.virtualTime = 5_000;
  const all = await backlog.pass();
  expect(new Set(all).size).toBe(250);
  expect(all).toHaveLength(250);
  expect(await backlog.pass()).toHaveLength(100);
});

it('looks at all of them again where the queue failed in between', async () => {
  const backlog = new Backlog();
  backlog.virtualTime = 5_000;
  backlog.broken = true;
  expect(await backlog.pass()).toHaveLength(1);
  backlog.broken = false;
  expect(await backlog.pass()).toHaveLength(250);
});
