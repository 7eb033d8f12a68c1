import { expect, it } from 'vitest';
import type { Heartbeat, LeaseHolder } from '@prad/domain';
import { Heartbeats } from './heartbeats.js';

const alive: Heartbeat = { alive: true, cancelRequested: false };

it('renews what is due at about the same time together, and tells each of its own', async () => {
  const renewed: (readonly LeaseHolder[])[] = [];
  const heartbeats = new Heartbeats((held) => {
    renewed.push(held);
    return Promise.resolve(
      new Map([
        ['of a', alive],
        ['of b', { ...alive, cancelRequested: true }],
      ]),
    );
  });
  const all = [
    ...['a', 'b', 'c'].map((id) => heartbeats.beat({ id, owner: `of ${id}` })),
    // Whoever lost a job to another holder in this process.
    heartbeats.beat({ id: 'a', owner: 'before' }),
  ];
  expect(await Promise.all(all)).toEqual([
    alive,
    { alive: true, cancelRequested: true },
    { alive: false, cancelRequested: false },
    { alive: false, cancelRequested: false },
  ]);
  expect(await heartbeats.beat({ id: 'a', owner: 'of a' })).toEqual(alive);
  expect(renewed.map((held) => held.map(({ id, owner }) => `${id} ${owner}`))).toEqual([
    ['a of a', 'b of b', 'c of c', 'a before'],
    ['a of a'],
  ]);
});

it('tells all of them that a renewal failed, and renews the next', async () => {
  let fails = true;
  const heartbeats = new Heartbeats(() =>
    fails ? Promise.reject(new Error('no database')) : Promise.resolve(new Map([['w', alive]])),
  );
  const beats = ['a', 'b'].map((id) => heartbeats.beat({ id, owner: 'w' }));
  expect((await Promise.allSettled(beats)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await heartbeats.beat({ id: 'a', owner: 'w' })).toEqual(alive);
});
