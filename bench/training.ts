import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { matmulFlops } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import { measureMatMulRate } from '@prad/runtime';
import { gradientGraph, trainedTensors } from '@prad/training';
import { peerPython } from './peers/python.js';
import { Side } from './peers/side.js';
import type { StepTask } from './peers/step-task.js';
import { measurement, median, type Measurement } from './report.js';
import { withSmolLM2 } from './smollm2.js';

const ROWS = 8;
const TOKENS = 64;
const PROMPT = 40;
const ROUNDS = 7;
const THREADS = 2;
const GIGA = 1e9;

/** Equal adapters: PEFT's LoRA acts on every position, PrAd-Adapter on the prompt alone. */
const cases: readonly Pick<StepTask, 'method' | 'options' | 'scope'>[] = [
  { method: 'adapter', options: { rank: 32 }, scope: 'prompt' },
  { method: 'lora', options: { rank: 32, alpha: 1, targets: ['k_proj', 'v_proj'] }, scope: 'all' },
];

/**
 * A whole training step (gradients, clipping and AdamW), ours and that of PyTorch, transformers and peft, each in its own
 * process and in turns, from the same weights and start values; and both against the machine's own matrix product.
 */
export async function benchTraining(): Promise<Measurement[]> {
  const python = await peerPython();
  return withSmolLM2(async (model) => {
    const results: Measurement[] = [];
    for (const chosen of cases) results.push(...(await benchMethod(model, chosen, python)));
    return results;
  });
}

async function benchMethod(
  model: BaseModel,
  chosen: Pick<StepTask, 'method' | 'options' | 'scope'>,
  python: string | undefined,
): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-step-'));
  const random = randomStream(1);
  const task: StepTask = {
    ...chosen,
    modelFolder: model.folder,
    tokens: Array.from({ length: ROWS }, () =>
      Array.from({ length: TOKENS }, () => random.below(model.dimensions.vocabSize)),
    ),
    promptLength: PROMPT,
    learningRate: 1e-3,
    totalSteps: 1000,
    threads: THREADS,
    start: join(folder, 'start.safetensors'),
  };
  const file = join(folder, 'task.json');
  const sides: Side[] = [];
  const open = (command: string, script: string): Side => {
    const side = new Side(command, [script, file]);
    sides.push(side);
    return side;
  };
  try {
    await writeFile(file, JSON.stringify(task));
    const ours = await measuredSide(
      open(process.execPath, fileURLToPath(new URL('./peers/ours.js', import.meta.url))),
    );
    // After ours, which writes the start values before its first answer.
    const torch = python && (await measuredSide(open(python, 'bench/peers/training.py')));
    const limits: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      limits.push(await measureMatMulRate({ intraOpThreads: THREADS, forMs: 1000 }));
      await ours.measure();
      if (torch) await torch.measure();
    }
    return [
      ...againstMatMul(model, chosen, ours, median(limits)),
      ...(torch ? await againstTorch(chosen.method, ours, torch) : []),
    ];
  } finally {
    await Promise.all(sides.map((side) => side.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

interface MeasuredSide {
  readonly side: Side;
  /** Of every step; the first is the warm-up. */
  readonly losses: number[];
  /** Of every step but the first. */
  readonly seconds: number[];
  measure(): Promise<void>;
}

async function measuredSide(side: Side): Promise<MeasuredSide> {
  const { loss: first } = await side.step();
  const losses = [first];
  const seconds: number[] = [];
  const measure = async (): Promise<void> => {
    const step = await side.step();
    losses.push(step.loss);
    seconds.push(step.seconds);
  };
  return { side, losses, seconds, measure };
}

function againstMatMul(
  model: BaseModel,
  { method, options, scope }: Pick<StepTask, 'method' | 'options' | 'scope'>,
  ours: MeasuredSide,
  limit: number,
): Measurement[] {
  const trained = trainedTensors(model, { kind: 'adapter', method, options, scope });
  const answers = ROWS * (TOKENS - PROMPT);
  const flops = matmulFlops(gradientGraph(model, trained))({ B: ROWS, T: TOKENS, N: answers });
  return [
    measurement(
      `training step, ${method} r=32, ${ROWS} x ${TOKENS} tokens`,
      flops / median(ours.seconds) / GIGA,
      'GFLOP/s',
      { what: 'onnxruntime MatMul', value: limit / GIGA },
    ),
  ];
}

async function againstTorch(method: string, ours: MeasuredSide, torch: MeasuredSide): Promise<Measurement[]> {
  const [own, other] = [await ours.side.peak(), await torch.side.peak()];
  if (own.parameters !== other.parameters)
    throw new Error(`${method} trains ${own.parameters} numbers here, ${other.parameters} in torch`);
  const rate = ({ seconds }: MeasuredSide): number => (ROWS * TOKENS) / median(seconds);
  const gaps = ours.losses.map((loss, step) => Math.abs(loss - (torch.losses[step] ?? Number.NaN)));
  const what = 'torch, transformers, peft';
  return [
    measurement(`tokens, ${method}`, rate(ours), 'tokens/s', { what, value: rate(torch) }),
    measurement(`peak resident memory, ${method}`, own.peakBytes / GIGA, 'GB', {
      what,
      value: other.peakBytes / GIGA,
    }),
    measurement(`largest difference of a step's loss from torch's, ${method}`, Math.max(...gaps), 'nats', {
      what: 'allowed',
      value: 1e-3,
    }),
  ];
}
