/** Tasks of the paper, in its order. */
export const paperTasks = ['e2e', 'web_nlg', 'mt', 'xsum', 'sst2', 'mnli'] as const;
export type PaperTask = (typeof paperTasks)[number];

/** Methods of the paper that train here. */
export const paperMethods = ['full', 'adapter', 'lora', 'dora', 'prefix', 'mam'] as const;
export type PaperMethod = (typeof paperMethods)[number];

/** How the paper trained a method on a task. */
export interface PaperSetting {
  readonly options: Readonly<Record<string, number | boolean | readonly string[]>>;
  readonly learning_rate: number;
  /** Steps, or passes over the data. */
  readonly length: { readonly max_steps: number } | { readonly n_epochs: number };
}

const queryValue = ['q_proj', 'v_proj'];
const adapter = (rank: number) => ({ rank, scale: 1 });
const lora = (rank: number) => ({ rank, alpha: 4, targets: queryValue });
const dora = (rank: number) => ({ rank, alpha: 4 });
const prefix = (length: number) => ({ length, projection: true });
const mam = (prefix_length: number, rank: number, scale = 1) => ({ prefix_length, rank, scale });

const steps = (learning_rate: number, max_steps: number) => ({ learning_rate, length: { max_steps } });
const epochs = (learning_rate: number, n_epochs: number) => ({ learning_rate, length: { n_epochs } });

/**
 * The released configurations for GPT-2: sizes, peak learning rates and lengths. All of them: AdamW without weight decay, clipped
 * at 1, batches of 32, linear decay after a warm-up of 6 %. A method that was not run on a task is missing. The 30
 * soft tokens that MAM has on some tasks are left out.
 */
export const paperSettings: Readonly<
  Record<PaperTask, Readonly<Partial<Record<PaperMethod, PaperSetting>>>>
> = {
  e2e: {
    full: { options: {}, ...steps(1e-4, 45_000) },
    adapter: { options: adapter(108), ...steps(2e-3, 60_000) },
    lora: { options: lora(56), ...steps(1e-4, 60_000) },
    prefix: { options: prefix(108), ...steps(1e-3, 60_000) },
    mam: { options: mam(32, 78, 4), ...steps(2e-3, 60_000) },
  },
  web_nlg: {
    full: { options: {}, ...steps(1e-4, 15_000) },
    adapter: { options: adapter(108), ...steps(1e-3, 18_000) },
    lora: { options: lora(56), ...steps(1e-4, 18_000) },
    prefix: { options: prefix(108), ...steps(1e-3, 18_000) },
    mam: { options: mam(32, 78), ...steps(1e-3, 18_000) },
  },
  mt: {
    full: { options: {}, ...epochs(5e-5, 10) },
    adapter: { options: adapter(200), ...steps(5e-4, 60_000) },
    lora: { options: lora(100), ...steps(5e-4, 120_000) },
    dora: { options: dora(40), ...steps(2e-3, 80_000) },
    prefix: { options: prefix(200), ...steps(5e-4, 120_000) },
    mam: { options: mam(32, 136), ...steps(5e-4, 60_000) },
  },
  xsum: {
    full: { options: {}, ...steps(5e-5, 60_000) },
    adapter: { options: adapter(200), ...steps(3e-3, 60_000) },
    lora: { options: lora(100), ...steps(1e-4, 60_000) },
    dora: { options: dora(40), ...steps(1e-4, 60_000) },
    prefix: { options: { length: 200, projection: false }, ...steps(1e-3, 60_000) },
    mam: { options: mam(32, 168), ...steps(3e-3, 60_000) },
  },
  sst2: {
    full: { options: {}, ...epochs(5e-5, 5) },
    adapter: { options: adapter(16), ...epochs(1e-3, 10) },
    lora: { options: lora(8), ...epochs(1e-3, 10) },
    dora: { options: dora(4), ...epochs(1e-3, 10) },
    prefix: { options: prefix(32), ...epochs(1e-3, 5) },
    mam: { options: mam(8, 6), ...epochs(1e-3, 10) },
  },
  mnli: {
    full: { options: {}, ...epochs(5e-5, 4) },
    adapter: { options: adapter(32), ...epochs(1e-3, 4) },
    lora: { options: lora(16), ...epochs(1e-3, 5) },
    prefix: { options: prefix(64), ...epochs(1e-3, 4) },
    mam: { options: mam(16, 16), ...epochs(1e-3, 4) },
  },
};

/** Of every setting. */
export const paperCommon = { warmup_ratio: 0.06, weight_decay: 0, max_grad_norm: 1 } as const;

/** Methods without positions to mask have no conventional twin. */
export const twinless: readonly PaperMethod[] = ['full', 'prefix'];
