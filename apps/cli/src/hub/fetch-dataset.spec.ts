import { mkdtemp, readdir, readFile, rmdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../../../libs/formats/testing/outcome.js';
import { buildWorker } from '../../../../test/numerics/support/build-worker.js';
import { datasetReference, fileNameOf } from './dataset-reference.js';
import { fetchDataset, type FetchOptions } from './fetch-dataset.js';

const TOKEN = 'hf_secret';
const reference = join(process.cwd(), 'test/reference/parquet');

/** Answers one request to the store of files; true when it did. */
type Fault = (response: ServerResponse, range: string | undefined) => boolean;

let thread: URL;
let pairs: Buffer;
let server: Server;
let port: number;
/** What the next requests to the store meet instead of the file. */
let faults: Fault[];
let etag: string;
/** Hears how much the client has. */
let onProgress: (bytes: number) => void;
/** Where downloads are put. */
let folder: string;
/** Path, range and authorization of every request. */
let asked: (readonly [string, string | undefined, string | undefined])[];

beforeAll(async () => {
  thread = await buildWorker(join(process.cwd(), 'libs/formats/src/parquet/parquet-thread.ts'));
  pairs = await readFile(join(reference, 'pairs.parquet'));
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-hub-'));
  vi.stubEnv('TMPDIR', folder);
  onProgress = () => undefined;
  faults = [];
  asked = [];
  etag = '"one"';
  server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ({ port } = server.address() as AddressInfo);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  vi.unstubAllEnvs();
  expect(await readdir(folder)).toEqual([]);
  await rmdir(folder);
});

/** The Hub, under 127.0.0.1, sends on to a store under localhost. */
function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  asked.push([url, headers.range, headers.authorization]);
  const json = (status: number, value: unknown, more = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value));
  const files = (config: string, count: number) =>
    Array.from({ length: count }, (_, i) => {
      return `https://huggingface.co/api/datasets/o/pairs/parquet/${config}/train/${i}.parquet`;
    });
  if (url.startsWith('/api/datasets/o/closed')) {
    if (headers.authorization === `Bearer ${TOKEN}`) json(403, { error: 'ask for access' });
    else json(401, { error: 'Invalid username or password.' });
  } else if (url === '/api/datasets/o/pairs/parquet') {
    json(200, { default: { train: files('default', 2) }, other: { train: files('other', 1) } });
  } else if (url === '/api/datasets/o/several/parquet') {
    json(200, { a: { train: files('a', 1) }, b: { train: files('b', 1) } });
  } else if (url === '/api/datasets/o/odd/parquet/x/train') json(200, 'hello');
  else if (url === '/api/datasets/o/pairs/parquet/other/train') json(200, files('other', 1));
  else if (/^\/api\/datasets\/o\/pairs\/parquet\/\w+\/train\/\d\.parquet$/.test(url)) {
    response.writeHead(302, { location: `http://localhost:${port}/store?signature=s` }).end();
  } else if (url.startsWith('/store')) store(response, headers);
  else json(404, {}, { 'x-error-message': 'Dataset not found' });
}

function store(response: ServerResponse, { range, 'if-range': same }: IncomingMessage['headers']): void {
  if (faults.shift()?.(response, range)) return;
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0 && same === etag) {
    const span = `bytes ${start}-${pairs.length - 1}/${pairs.length}`;
    response.writeHead(206, { 'content-range': span, etag }).end(pairs.subarray(start));
  } else response.writeHead(200, { 'content-length': pairs.length, etag }).end(pairs);
}

/** Sends some bytes of the file and breaks off when the client has them. */
function breaksAfter(bytes: number, start = 0): Fault {
  return (response) => {
    const span = `bytes ${start}-${pairs.length - 1}/${pairs.length}`;
    if (start === 0) response.writeHead(200, { 'content-length': pairs.length, etag });
    else response.writeHead(206, { 'content-range': span, etag });
    response.write(pairs.subarray(start, start + bytes));
    onProgress = (received) => {
      if (received >= start + bytes) response.destroy();
    };
    return true;
  };
}

const refuses: (status: number) => Fault = (status) => (response) => {
  response.writeHead(status).end();
  return true;
};

async function fetched(text: string, options: FetchOptions = {}, token?: string): Promise<unknown[]> {
  const hub = { endpoint: `http://127.0.0.1:${port}`, token };
  const heard = {
    onProgress: (_file: number, _files: number, bytes: number) => {
      onProgress(bytes);
    },
  };
  return fetchDataset(
    datasetReference(text),
    hub,
    { thread, waitMs: 1, ...heard, ...options },
    async (path) => {
      expect(basename(path)).toBe(fileNameOf(datasetReference(text)));
      const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as unknown);
    },
  );
}

const rows = [
  { prompt: 'a ->', completion: ' x', id: 1 },
  { prompt: 'b ->', completion: ' y', id: 2 },
];

describe('a data set of the Hub', () => {
  it.each([
    ['hf:o/pairs:train', { dataset: 'o/pairs', config: undefined, split: 'train' }, 'o--pairs--train.jsonl'],
    ['hf:o/p/a b:v', { dataset: 'o/p', config: 'a b', split: 'v' }, 'o--p--a_b--v.jsonl'],
    ['hf:squad:train', { dataset: 'squad', config: undefined, split: 'train' }, 'squad--train.jsonl'],
  ])('is named by %s', (text, expected, name) => {
    expect(datasetReference(text)).toEqual(expected);
    expect(fileNameOf(datasetReference(text))).toBe(name);
  });

  it.each(['hf:o/pairs', 'o/pairs:train', 'hf:a/b/c/d:train', 'hf::train', 'hf:a/b:'])(
    'is not named by %s',
    (text) => {
      expect(() => datasetReference(text)).toThrow(/expected hf:owner\/name:split/);
    },
  );

  it('comes file by file through redirects, with the token for the Hub alone', async () => {
    expect(await fetched('hf:o/pairs:train', {}, TOKEN)).toEqual([...rows, ...rows]);
    expect(await fetched('hf:o/pairs/other:train', { columns: ['id'] })).toEqual([{ id: 1 }, { id: 2 }]);
    const access = asked.map(([path, , authorization]) => [path, authorization] as const);
    expect(access.slice(0, 3)).toEqual([
      ['/api/datasets/o/pairs/parquet', `Bearer ${TOKEN}`],
      ['/api/datasets/o/pairs/parquet/default/train/0.parquet', `Bearer ${TOKEN}`],
      ['/store?signature=s', undefined],
    ]);
    expect(access[5]).toEqual(['/api/datasets/o/pairs/parquet/other/train', undefined]);
  });

  it('is downloaded no further than its wanted rows', async () => {
    expect(await fetched('hf:o/pairs:train', { limit: 1 })).toEqual(rows.slice(0, 1));
    expect(asked.filter(([path]) => path.startsWith('/store'))).toHaveLength(1);
  });

  it.each<[string, string, string, string | undefined, RegExp]>([
    ['is closed', 'hf:o/closed:train', 'dataset_forbidden', undefined, /status 401, Invalid username/],
    ['needs a grant', 'hf:o/closed/x:train', 'dataset_forbidden', TOKEN, /status 403, ask for access/],
    ['is not there', 'hf:o/none:train', 'dataset_not_found', undefined, /status 404, Dataset not found/],
    [
      'has no such split',
      'hf:o/pairs:test',
      'dataset_split_not_found',
      undefined,
      /no split test; it has train/,
    ],
    [
      'has several configs',
      'hf:o/several:train',
      'dataset_split_not_found',
      undefined,
      /name one of a, b as/,
    ],
    [
      'is answered otherwise',
      'hf:o/odd/x:train',
      'dataset_unavailable',
      undefined,
      /no list of Parquet files/,
    ],
  ])('is refused where it %s', async (_, text, code, token, message) => {
    const error = await errorOf(() => fetched(text, {}, token));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(TOKEN);
  });

  it('goes on where a transfer broke off, several times', async () => {
    faults = [breaksAfter(100), breaksAfter(200, 100), refuses(503)];
    expect(await fetched('hf:o/pairs/other:train')).toEqual(rows);
    const ranges = asked.filter(([path]) => path.startsWith('/store')).map(([, range]) => range);
    expect(ranges).toEqual([undefined, 'bytes=100-', 'bytes=300-', 'bytes=300-']);
  });

  it('begins again where the file is another by now', async () => {
    faults = [
      (response, range) => {
        const broken = breaksAfter(100)(response, range);
        etag = '"two"';
        return broken;
      },
    ];
    expect(await fetched('hf:o/pairs/other:train')).toEqual(rows);
  });

  it('fails with nothing lent when tries bring nothing, or when what came is no Parquet file', async () => {
    faults = Array.from({ length: 5 }, () => refuses(500));
    expect(await errorOf(() => fetched('hf:o/pairs/other:train'))).toMatchObject({
      code: 'dataset_unavailable',
    });
    faults = [refuses(403)];
    expect(await errorOf(() => fetched('hf:o/pairs/other:train'))).toMatchObject({
      code: 'dataset_forbidden',
    });
    faults = [
      (response) => {
        response.end('<html>');
        return true;
      },
    ];
    expect(await errorOf(() => fetched('hf:o/pairs/other:train'))).toMatchObject({ code: 'parquet_invalid' });
  });

  it('is unavailable where nobody answers', async () => {
    const hub = { endpoint: 'http://127.0.0.1:9', token: undefined };
    const fetching = () => fetchDataset(datasetReference('hf:o/p:train'), hub, {}, () => Promise.resolve());
    expect(await errorOf(fetching)).toMatchObject({ kind: 'unavailable', code: 'dataset_unavailable' });
  });
});
