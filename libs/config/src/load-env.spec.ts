import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { dataEnv, databaseEnv, engineEnv, httpEnv, redisEnv, workerEnv } from './fragments.js';
import { readEnv } from './load-env.js';

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('readEnv', () => {
  it('fills in defaults and freezes', () => {
    const env = readEnv({ ...httpEnv, ...dataEnv, ...databaseEnv, ...workerEnv }, {});
    expect(env).toMatchObject({ HOST: '127.0.0.1', PORT: 8000, PRAD_DATA_DIR: `${homedir()}/.prad` });
    expect(env.WORKER_ROLES).toEqual(['train', 'generate', 'evaluate', 'import']);
    expect(env.DATABASE_URL).toBeUndefined();
    expect(() => Object.assign(env, { PORT: 1 })).toThrow(TypeError);
  });

  it('reads numbers, lists and addresses, and treats an empty variable as absent', () => {
    const env = readEnv(
      { ...httpEnv, ...redisEnv, ...workerEnv, ...engineEnv },
      { PORT: '0', HOST: '', REDIS_URL: 'redis://h:1', WORKER_ROLES: 'train, train', INTRA_OP_THREADS: '3' },
    );
    expect(env).toMatchObject({ PORT: 0, HOST: '127.0.0.1', REDIS_URL: 'redis://h:1', INTRA_OP_THREADS: 3 });
    expect(env.WORKER_ROLES).toEqual(['train']);
    expect(readEnv(engineEnv, {}).INTRA_OP_THREADS).toBeGreaterThan(0);
  });

  it('names every problem with its description, but no secret', () => {
    const source = { PORT: '99999', WORKER_ROLES: 'train,fly', DATABASE_URL: 'mysql://u:hunter2@h/d' };
    const message = messageOf(() => readEnv({ ...httpEnv, ...workerEnv, ...databaseEnv }, source));
    expect(message).toContain('3 problems');
    expect(message).toMatch(/PORT: .*got "99999" \(Port that the API listens on/);
    expect(message).toMatch(/WORKER_ROLES: .*got "train,fly"/);
    expect(message).toMatch(/DATABASE_URL: expected postgres:\/\//);
    expect(message).not.toContain('hunter2');
  });
});
