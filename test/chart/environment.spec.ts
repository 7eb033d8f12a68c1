import { envSections, readEnv } from '@prad/config';
import { describe, expect, it } from 'vitest';
import { applicationServices, loadCompose } from './support/compose.js';
import { render, valueSets } from './support/render.js';
import { containers, podTemplates, type Variable } from './support/workloads.js';

const fragment = Object.assign({}, ...envSections.map((section) => section.fragment)) as Parameters<
  typeof readEnv
>[0];

/** Read by Node itself. */
const foreign = ['NODE_OPTIONS'];

/** What a reference stands for, so that the whole can be read as the process would. */
const secrets: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://prad:secret@postgres:5432/prad',
  REDIS_URL: 'redis://:secret@redis:6379',
  API_KEYS: 'a-key-of-a-cluster-0123456789',
  SCALING_TOKEN: 'a-token-of-a-cluster-0123456789',
  INTRA_OP_THREADS: '2',
};

function read(variables: Readonly<Record<string, string>>, where: string): void {
  const names = Object.keys(variables).filter((name) => !foreign.includes(name));
  expect(
    names.filter((name) => !(name in fragment)),
    where,
  ).toEqual([]);
  const given = Object.fromEntries(names.map((name) => [name, variables[name]]));
  expect(() => readEnv(fragment, given), where).not.toThrow();
}

function literal({ name, value, valueFrom }: Variable): [string, string] {
  expect(value === undefined, `${name} has either a value or a reference`).toBe(valueFrom !== undefined);
  return [name, value ?? secrets[name] ?? `no value is known for the reference ${name}`];
}

describe('the environment that the chart gives', () => {
  it.each(valueSets)('is one that the apps know and accept, with the values %s', async (set) => {
    for (const { owner, template } of podTemplates(await render(set)))
      for (const { env = [] } of containers(template)) {
        expect(new Set(env.map(({ name }) => name)).size, `${owner} names a variable twice`).toBe(env.length);
        read(Object.fromEntries(env.map(literal)), owner);
      }
  });

  it('would not pass with a name or a value that the apps do not know', () => {
    expect(() => {
      read({ WORKER_ROLE: 'train' }, 'here');
    }).toThrow();
    expect(() => {
      read({ WORKER_ROLES: 'fly' }, 'here');
    }).toThrow();
  });
});

describe('the environment that compose.yaml gives', () => {
  it('is one that the apps know and accept', async () => {
    const services = applicationServices(await loadCompose());
    expect(Object.keys(services).sort()).toEqual(['api', 'migrate', 'worker-generate', 'worker-train']);
    for (const [name, { environment = {} }] of Object.entries(services)) read(environment, name);
  });
});
