import { describe, expect, it } from 'vitest';
import type { JobName } from './catalogue.js';
import { registerHandlers } from './handler-registry.js';
import type { AnyJobHandler } from './handler.js';

const handler = (job: JobName) =>
  ({ job, handle: () => Promise.resolve(), giveUp: () => Promise.resolve() }) as AnyJobHandler;

describe('registerHandlers', () => {
  it('refuses a role without a handler, by name', () => {
    expect(() => registerHandlers(['train', 'import'], [handler('train')])).toThrow('the roles import');
  });

  it('refuses two handlers of one job', () => {
    expect(() => registerHandlers(['train'], [handler('train'), handler('train')])).toThrow('two handlers');
  });

  it('leaves out handlers of other roles', () => {
    const registered = registerHandlers(['generate'], [handler('train'), handler('generate')]);
    expect([...registered.keys()]).toEqual(['generate']);
  });
});
