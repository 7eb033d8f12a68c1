import { readFile } from 'node:fs/promises';
import {
  Engine,
  OnnxExecutor,
  servedAdapter,
  type GenerationRequest,
  type ServedAdapter,
  type StepFacts,
} from '@prad/generation';
import { openBaseModel, type BaseModel } from '@prad/models';
import { adapterFor, initialise, randomStream } from '@prad/nn';
import { answers, greedy, noText } from '../answers.js';
import { median } from '../report.js';
import { answerCommands, residentBytes } from './answer-commands.js';
import { CAPACITY, DECODE, PREFILL, SERVED, type DecodingSide, type DecodingTask } from './decoding-task.js';

/** Our engine in a process of its own; the second argument says what decodes, the third what reads prompts. */
class EngineSide implements DecodingSide {
  readonly #engine: Engine;
  readonly #random = randomStream(1);
  /** Made when they are first asked for, so that what was measured before has none in memory. */
  #adapters: readonly ServedAdapter[] | undefined;
  #steps: StepFacts[] = [];

  constructor(
    executor: OnnxExecutor,
    private readonly model: BaseModel,
  ) {
    const onStep = (step: StepFacts): void => void this.#steps.push(step);
    this.#engine = new Engine(executor, noText, { prefillTokens: PREFILL.rows * PREFILL.tokens, onStep });
  }

  async decode(rows: number): Promise<number> {
    const steps = await this.#answer(rows, DECODE.prompt, DECODE.steps);
    const full = steps.filter(({ prefillRows, decodeRows }) => prefillRows === 0 && decodeRows === rows);
    return median(full.map(secondsOf));
  }

  async prefill(): Promise<number> {
    const steps = await this.#answer(PREFILL.rows, PREFILL.tokens, 1);
    return steps.reduce((sum, step) => sum + secondsOf(step), 0);
  }

  async served(): Promise<number> {
    const { seconds } = await answers(
      this.#engine,
      this.#requests(SERVED.requests, SERVED.prompt, SERVED.answer),
    );
    return seconds;
  }

  async adapters(): Promise<number> {
    const adapters = (this.#adapters ??= await loras(this.model));
    const requests = this.#requests(SERVED.requests, SERVED.prompt, SERVED.answer);
    const mixed = requests.map((request, row) => ({ ...request, adapter: adapters[row] }));
    return (await answers(this.#engine, mixed)).seconds;
  }

  resident(): Promise<number> {
    return residentBytes();
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  async #answer(rows: number, prompt: number, maxTokens: number): Promise<readonly StepFacts[]> {
    this.#steps = [];
    await answers(this.#engine, this.#requests(rows, prompt, maxTokens));
    return this.#steps;
  }

  #requests(rows: number, length: number, maxTokens: number): GenerationRequest[] {
    const { vocabSize } = this.model.dimensions;
    return Array.from({ length: rows }, () => ({
      ...{ adapter: undefined, maxTokens, sampling: greedy },
      prompt: Array.from({ length }, () => this.#random.below(vocabSize)),
    }));
  }
}

function secondsOf({ ms, overheadMs }: StepFacts): number {
  return (ms + overheadMs) / 1000;
}

function loras(model: BaseModel): Promise<ServedAdapter[]> {
  return Promise.all(
    Array.from({ length: SERVED.requests }, (_, index) => {
      const adapter = adapterFor(model, 'lora', { rank: 8, init: 'released' });
      const artefact = {
        ...{ method: 'lora', options: { ...adapter.options }, scope: 'prompt' },
        ...{ baseDigest: model.digest, baseModel: model.name },
        tensors: initialise(adapter.parameters, index),
      };
      return servedAdapter(model, artefact, `lora ${index}`);
    }),
  );
}

const task = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as DecodingTask;
const model = await openBaseModel(task.modelFolder, 'bench');
const executor = await OnnxExecutor.open(model, {
  ...{ slots: DECODE.slots, capacity: CAPACITY, intraOpThreads: task.threads },
  decodeWeights: process.argv[3] === 'w8a8' ? 'w8a8' : 'q4',
  prefillWeights: process.argv[4] === 'decode' ? 'decode' : 'f32',
});
const side = new EngineSide(executor, model);
await answerCommands(side);
await side.close();
