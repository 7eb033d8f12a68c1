import { describe, expect, it } from 'vitest';
import { newAdapterName } from './adapter.js';
import { adapterReference } from './adapter-reference.js';
import { newTunedModelName } from './base-model.js';
import { newId } from './ids.js';
import { isAlive } from './worker-node.js';

describe('names', () => {
  it('of rows carry their prefix and do not repeat', () => {
    expect(newId('ftjob')).toMatch(/^ftjob-[0-9A-Za-z]{24}$/);
    expect(new Set(Array.from({ length: 1000 }, () => newId('file'))).size).toBe(1000);
  });

  it('of adapters have the form ft:<base>:<suffix>:<8 characters>', () => {
    expect(newAdapterName('prad-tiny', 'reviews')).toMatch(/^ft:prad-tiny:reviews:[0-9a-z]{8}$/);
    const unnamed = newAdapterName('prad-tiny', null);
    expect(adapterReference(unnamed)).toEqual({ adapter: unnamed, version: undefined });
  });

  it('of trained base models are names of base models, also of long ones', () => {
    expect(newTunedModelName('prad-tiny', 'reviews')).toMatch(/^prad-tiny-reviews-[0-9a-z]{8}$/);
    expect(newTunedModelName('prad-tiny', null)).toMatch(/^prad-tiny-[0-9a-z]{8}$/);
    expect(newTunedModelName('a'.repeat(96), 'b'.repeat(64))).toMatch(/^a{87}-[0-9a-z]{8}$/);
  });
});

describe('a worker', () => {
  it('is alive as long as its last report is recent', () => {
    const worker = {
      ...{ id: 'w', roles: [], device: 'cpu', host: 'h', pid: 1, slots: 1, currentWork: [], memoryBytes: 0 },
      ...{ startedAt: new Date(0), heartbeatAt: new Date(1000) },
    };
    expect(isAlive(worker, new Date(3000), 2000)).toBe(true);
    expect(isAlive(worker, new Date(3001), 2000)).toBe(false);
  });
});
