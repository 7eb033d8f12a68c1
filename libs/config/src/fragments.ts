import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { address, flag, secretsOf, wholeNumber, wordsOf } from './text-values.js';

const MEBIBYTE = 1024 * 1024;

/** Where rows are kept. */
export const databaseEnv = {
  DATABASE_URL: address('postgres', 'postgresql').optional().meta({
    description: 'Address of PostgreSQL 13 or later. Without it `prad up` starts an embedded one.',
    example: 'postgres://prad:secret@localhost:5432/prad',
  }),
  DATABASE_POOL_SIZE: wholeNumber(1, 1000).default(10).describe('Most database connections of one process.'),
};

/** Where the queue is kept. */
export const redisEnv = {
  REDIS_URL: address('redis', 'rediss').optional().meta({
    description: 'Address of Redis 7 or later for the queue. Without it the queue is kept in PostgreSQL.',
    example: 'redis://localhost:6379',
  }),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'expected lower-case letters, digits and _')
    .default('bullmq')
    .describe("What the queue's Redis keys begin with, or the PostgreSQL schema that holds the queue."),
};

/** Where files are kept. */
export const dataEnv = {
  PRAD_DATA_DIR: z
    .string()
    .min(1)
    .transform((path) => (path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path))
    .prefault('~/.prad')
    .describe('Folder of the blobs (data sets, checkpoints, models) and of the embedded PostgreSQL.'),
};

/** How the API is reached. */
export const httpEnv = {
  HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address that the API listens on; one that others can reach needs API keys.'),
  PORT: wholeNumber(0, 65_535).default(8000).describe('Port that the API listens on; 0 takes a free one.'),
  MAX_UPLOAD_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .default(1024 * MEBIBYTE)
    .describe('Largest file that may be uploaded, in bytes.'),
  DRAIN_MS: wholeNumber(0, 3_600_000)
    .default(10_000)
    .describe('Milliseconds that running requests get to end when the process is asked to stop.'),
};

/** What an autoscaler is told. */
export const scalingEnv = {
  SCALING_TOKEN: z.string().min(16).optional().meta({
    description:
      'Bearer token, of 16 characters or more, for /internal/scaling/<pool>. Without it that route answers requests with an API key, and of this machine.',
    example: 'a-long-random-word',
  }),
};

/** Whom the API lets in, and how often. */
export const accessEnv = {
  API_KEYS: secretsOf(16).optional().meta({
    description:
      'Secrets of the project `default`, separated by commas: one of them, or of a key that `prad keys create` made, must come with every request. Without any key the API serves this machine alone.',
    example: 'a-long-random-text',
  }),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000_000)
    .default(6000)
    .describe(
      'Most requests a minute that one API process takes of a key, or of an address where there are no keys; 0 sets no limit.',
    ),
};

/** How commands reach the API. */
export const clientEnv = {
  PRAD_API_URL: address('http', 'https').optional().meta({
    description: 'Address of the API that commands talk to. Without it they look for one on this machine.',
    example: 'http://127.0.0.1:8000',
  }),
  PRAD_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected a secret without blanks')
    .optional()
    .meta({
      description: 'Secret that commands send to the API; by default the first of API_KEYS.',
      example: 'a-long-random-text',
    }),
};

/** Where data sets of the Hugging Face Hub are downloaded from; named as huggingface_hub names them. */
export const hubEnv = {
  HF_ENDPOINT: address('http', 'https')
    .default('https://huggingface.co')
    .describe('Address of the Hugging Face Hub, or of a mirror, for `prad files import`.'),
  HF_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected a token without blanks')
    .optional()
    .meta({ description: 'Token for data sets of the Hub that are private or gated.', example: 'hf_...' }),
};

/** What is logged. */
export const loggingEnv = {
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is logged: fatal, error, warn, info, debug, trace or silent.'),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .default('json')
    .describe('json for machines, pretty for people at a terminal.'),
};

/** How text is generated and models are run. */
export const engineEnv = {
  DEVICE: z
    .enum(['cpu', 'cuda', 'webgpu'])
    .default('cpu')
    .describe(
      'Device that models run on: cpu, cuda (NVIDIA; its library is installed apart) or webgpu (GPUs with a Vulkan driver). A worker whose device cannot be used does not start.',
    ),
  MAX_NUM_SEQS: wholeNumber(1, 1024)
    .default(16)
    .describe('Most sequences that one worker generates at once.'),
  MAX_MODEL_LEN: wholeNumber(1, 1_048_576).optional().meta({
    description: "Longest sequence in tokens, when shorter than the model's own context.",
    example: '2048',
  }),
  MAX_NUM_BATCHED_TOKENS: wholeNumber(1, 1_048_576)
    .default(256)
    .describe(
      'Most prompt tokens that one step reads; between two tokens of answers under way the part of them that prompts are of all who wait, an eighth at least, so that answers come evenly; longer prompts are read in chunks.',
    ),
  KV_CACHE_BYTES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({
    description:
      'Most bytes of keys and values that the running requests of a model hold; beyond it the request that came last waits again. Must hold one sequence of the greatest length. By default as many as MAX_NUM_SEQS of them.',
    example: '1073741824',
  }),
  PREFIX_CACHE_BYTES: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .default(128 * MEBIBYTE)
    .describe(
      'Most bytes of keys and values that a model keeps of prompts, so that prompts that begin alike, with the same adapter, are read once; 0 keeps none.',
    ),
  ADAPTER_CACHE_BYTES: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .default(256 * MEBIBYTE)
    .describe(
      'Most bytes of the adapters of a model that stay in memory; others are read when they are asked for.',
    ),
  DECODE_WEIGHTS: z
    .enum(['f32', 'q8', 'q4', 'w8a8'])
    .default('f32')
    .describe(
      'Weights that decode steps multiply by: f32, or a copy that a model was imported with, which is faster and less exact: 8 or 4 bits in blocks (q8, q4), or 8 bits by channel with activations of 8 bits (w8a8), the fastest in batches on CPUs with AMX or VNNI. Training always uses f32.',
    ),
  PREFILL_WEIGHTS: z
    .enum(['f32', 'decode'])
    .default('f32')
    .describe(
      'Weights that prompts are read with: f32, or decode, those of DECODE_WEIGHTS, which takes less memory and is less exact. Embeddings and scores always use f32.',
    ),
  INTRA_OP_THREADS: wholeNumber(0, 1024)
    .default(0)
    .transform((threads) => (threads === 0 ? availableParallelism() : threads))
    .describe('Threads of one operator; 0 takes one for each core.'),
};

/** What a worker does. */
export const workerEnv = {
  WORKER_ROLES: wordsOf(['train', 'generate', 'evaluate', 'import'])
    .prefault('train,generate,evaluate,import')
    .describe(
      'Kinds of work that this worker takes: train, generate, evaluate, import, separated by commas.',
    ),
  WORKER_LEASE_MS: wholeNumber(1000, 3_600_000)
    .default(15_000)
    .describe('Milliseconds after which the work of a silent worker is given to another.'),
  TRAINING_STATE_MS: wholeNumber(0, 86_400_000)
    .default(60_000)
    .describe(
      'Milliseconds between the states that a training keeps to go on from after its worker was killed; 0 after every step. States that take long to write are rarer.',
    ),
  MAX_TRAININGS_PER_PROJECT: wholeNumber(0, 10_000)
    .default(0)
    .describe('Most trainings of one project that workers are at, together; 0: any number.'),
  WORKER_ONCE: flag()
    .prefault('false')
    .describe(
      'true: take one job, finish it and end with status 0, also when there is none for five seconds; for jobs of a cluster.',
    ),
  WORKER_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address that a worker serves /health, /ready and /metrics on; 0.0.0.0 in a container.'),
  WORKER_PORT: wholeNumber(0, 65_535)
    .default(0)
    .describe('Port of a worker’s /health, /ready and /metrics; 0 serves none.'),
  HANG_TIMEOUT_MS: wholeNumber(1000, 86_400_000)
    .default(300_000)
    .describe(
      'Milliseconds without a sign of life from a thread that has work until /health of a worker says 503. Must be longer than the longest single run of a graph: a gradient, a prefill, loading a model.',
    ),
};
