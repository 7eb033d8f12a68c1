import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** A free one unless given. */
  readonly port?: number;
  /** Whether a restart on the same folder finds everything again; false unless given. */
  readonly durable?: boolean;
}

/** A Redis on a loopback port; undefined where redis-server is not installed. */
export async function startRedis(
  folder: string,
  { port: wanted, durable = false }: RedisOptions = {},
): Promise<RedisServer | undefined> {
  const port = wanted ?? (await freePort());
  const kept = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...kept];
  const server = spawn('redis-server', [...options, '--dir', folder], { stdio: 'ignore' });
  const started = await once(server, 'spawn').then(
    () => true,
    () => false,
  );
  if (!started) return undefined;
  const ended = once(server, 'exit');
  const url = `redis://127.0.0.1:${String(port)}`;
  await ready(url);
  return {
    url,
    async stop() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function ready(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  await Promise.race([
    client.ping(),
    sleep(10_000).then(() => {
      throw new Error(`redis-server at ${url} did not answer within 10 s`);
    }),
  ]).finally(() => {
    client.disconnect();
  });
}
