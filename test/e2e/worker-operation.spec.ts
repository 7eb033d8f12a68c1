import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { freePort } from '../integration/support/free-port.js';
import { Cluster } from './support/cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { ended, MODEL, submitTraining } from './support/training-run.js';
import { until } from './support/until.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
let cluster: Cluster;
let workerUrl: string;

beforeAll(async () => {
  const port = await freePort();
  workerUrl = `http://127.0.0.1:${port}`;
  cluster = await Cluster.start({ environment: { LOG_LEVEL: 'info', DRAIN_MS: '8000' } });
  await cluster.startWorker({ WORKER_PORT: String(port) });
  const folder = join(cluster.dataFolder, 'source');
  await writeTinyModel(folder);
  await importModel(cluster.client, { source: folder, name: MODEL });
});

afterAll(async () => {
  await cluster.stop();
});

const request = { model: MODEL, prompt: 'The inn number 3 ->', temperature: 0 };

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

/** The value of a sample whose name and labels match. */
function sample(metrics: string, pattern: RegExp): number {
  const line = metrics.split('\n').find((one) => pattern.test(one));
  if (line === undefined) throw new Error(`no sample ${String(pattern)}`);
  return Number(line.slice(line.lastIndexOf(' ')));
}

it('carries a request’s id from the API to the worker’s lines of its job', async () => {
  const response = await fetch(`${cluster.client.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'follow-me' },
    body: JSON.stringify({ ...request, max_tokens: 4 }),
  });
  expect(response.headers.get('x-request-id')).toBe('follow-me');
  const { id } = (await response.json()) as { id: string };
  const line = await until('the worker’s line', () =>
    Promise.resolve(cluster.lines.find((one) => one.includes('"service":"worker"') && one.includes(id))),
  );
  expect(JSON.parse(line)).toMatchObject({ jobId: id, requestId: 'follow-me', msg: 'generate: done' });
});

describe('measurements', () => {
  it('of a worker tell of its engine, its training and its memory', async () => {
    const { id } = await submitTraining(cluster);
    await ended(cluster, id);
    await cluster.client.complete({ ...request, max_tokens: 20 });
    const metrics = await until('twenty tokens', async () => {
      const read = await text(`${workerUrl}/metrics`);
      const told = read.includes('prad_generation_tokens_total{kind="completion"');
      return told && sample(read, /^prad_generation_tokens_total\{kind="completion"/) > 20 ? read : undefined;
    });
    expect(sample(metrics, /^prad_generation_tokens_total\{kind="prompt"/)).toBeGreaterThan(5);
    expect(sample(metrics, /^prad_generation_step_seconds_count\{.*phase="decode"/)).toBeGreaterThan(10);
    expect(sample(metrics, /^prad_generation_step_seconds_count\{.*phase="prefill"/)).toBeGreaterThan(1);
    expect(sample(metrics, /^prad_generation_first_token_seconds_count/)).toBeGreaterThan(1);
    expect(sample(metrics, /^prad_generation_inter_token_seconds_count/)).toBeGreaterThan(10);
    expect(sample(metrics, /^prad_generation_batch_occupancy_ratio_sum/)).toBeGreaterThan(0);
    expect(sample(metrics, /^prad_training_step_seconds_count/)).toBe(6);
    expect(sample(metrics, /^prad_training_tokens_total/)).toBeGreaterThan(6);
    expect(sample(metrics, /^prad_worker_attempts_total\{role="train",ending="done"/)).toBe(1);
    expect(sample(metrics, /^process_resident_memory_bytes/)).toBeGreaterThan(1e7);
    // Nothing is trained any more.
    expect(metrics).not.toMatch(/^prad_training_loss\{/m);
    expect(metrics).not.toContain(id);
  });

  it('of the API tell of jobs and queues', async () => {
    const metrics = await text(`${cluster.client.url}/metrics`);
    expect(sample(metrics, /^prad_jobs\{kind="fine_tuning",status="succeeded"/)).toBe(1);
    expect(sample(metrics, /^prad_queue_jobs\{queue="generate",state="waiting"/)).toBe(0);
  });
});

it('answers that it lives and is ready', async () => {
  expect((await fetch(`${workerUrl}/health`)).status).toBe(200);
  expect(JSON.parse(await text(`${workerUrl}/ready`))).toEqual({ status: 'ok', message: null });
});

it('on SIGTERM is not ready, finishes answers, hands a training back, and ends with 0 whatever else is sent', async () => {
  const worker = cluster.workers.at(-1)!;
  const hyperparameters = { max_steps: 1_000_000, batch_size: 4, learning_rate: 0.01 };
  const { id } = await submitTraining(cluster, {
    method: { type: 'prad', prad: { rank: 4, hyperparameters } },
  });
  await until('the training in work', async () => {
    const { status } = await cluster.client.job(id);
    return status === 'running' ? status : undefined;
  });
  const answers = Array.from({ length: 4 }, () => cluster.client.complete({ ...request, max_tokens: 100 }));
  await until('the requests in work', async () => {
    const active = sample(await text(`${workerUrl}/metrics`), /^prad_worker_jobs\{role="generate"/);
    const waiting = (await fetch(`${cluster.client.url}/internal/scaling/generate`)).json();
    const { needed } = (await waiting) as { needed: number };
    return active > 0 || needed === 0 ? true : undefined;
  });
  const stopped = [worker.stop(20_000), worker.stop(20_000)];
  await until('an answer that it is not ready', async () => {
    const ready = await fetch(`${workerUrl}/ready`);
    return ready.status === 503 && (await ready.text()).includes('going down') ? true : undefined;
  });
  await Promise.all(stopped);
  expect(worker.fate).toBe('exit code 0');
  expect(await cluster.client.job(id)).toMatchObject({ status: 'queued', prad: { attempts: 0 } });
  await cluster.client.cancelJob(id);
  await cluster.startWorker();
  for (const { choices } of await Promise.all(answers)) expect(choices).toHaveLength(1);
});

describe('prad worker --once', () => {
  beforeAll(async () => {
    await Promise.all(cluster.workers.map((worker) => worker.stop(20_000)));
  });

  async function run(...options: readonly string[]): Promise<{ status: number; seconds: number }> {
    const started = performance.now();
    const child = spawn(process.execPath, [cli, 'worker', ...options], {
      env: { ...cluster.workerEnvironment },
      stdio: 'ignore',
    });
    const [status] = (await once(child, 'exit')) as [number];
    return { status, seconds: (performance.now() - started) / 1000 };
  }

  it('does one job and ends with 0', async () => {
    const jobs = [await submitTraining(cluster), await submitTraining(cluster)];
    expect(await run('--roles', 'train', '--once')).toMatchObject({ status: 0 });
    const statuses = await Promise.all(jobs.map(async ({ id }) => (await cluster.client.job(id)).status));
    expect(statuses).toEqual(['succeeded', 'queued']);
    expect(await run('--roles', 'train,generate', '--once')).toMatchObject({ status: 0 });
    expect((await cluster.client.job(jobs[1]!.id)).status).toBe('succeeded');
  });

  it('ends with 0 when there is nothing to do', async () => {
    expect((await run('--roles', 'train', '--once')).status).toBe(0);
  });

  it('says what is wrong with its roles', async () => {
    expect((await run('--roles', 'trian')).status).toBe(1);
  });
});
