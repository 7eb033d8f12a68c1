import { readAdapter } from '@prad/adapter-files';
import { encodePrompt, type Prompt } from '@prad/formats';
import {
  Engine,
  OnnxExecutor,
  servedAdapter,
  textRules,
  type ServedAdapter,
  type StepFacts,
} from '@prad/generation';
import { openBaseModel, type BaseModel } from '@prad/models';
import type { EngineSettings, GenerateParams } from './generation-messages.js';

type NamedAdapter = NonNullable<GenerateParams['adapter']>;

/** Adapters of one base that stay in memory; each holds a few hundred kilobytes to some megabytes. */
const KEPT_ADAPTERS = 128;

/** One base model, ready to answer, with the adapters that were asked for lately. */
export class OpenEngine {
  readonly #adapters = new Map<string, Promise<ServedAdapter>>();

  private constructor(
    private readonly model: BaseModel,
    readonly engine: Engine,
  ) {}

  static async open(
    base: GenerateParams['base'],
    settings: EngineSettings,
    onStep: (step: StepFacts) => void,
  ): Promise<OpenEngine> {
    const model = await openBaseModel(base.folder, base.name);
    const { maxNumSeqs: slots, maxModelLen, maxNumBatchedTokens: prefillTokens } = settings;
    const { decodeWeights, intraOpThreads, device } = settings;
    const capacity = Math.min(model.dimensions.maxPositions, maxModelLen ?? Infinity);
    const executor = await OnnxExecutor.open(model, {
      ...{ slots, capacity, decodeWeights, intraOpThreads, device },
    });
    return new OpenEngine(model, new Engine(executor, textRules(model), { prefillTokens, onStep }));
  }

  get idle(): boolean {
    const { waiting, running } = this.engine.load;
    return waiting + running === 0;
  }

  /** A prompt's tokens as the adapter, where there is one, reads it. */
  encode(prompt: Prompt, adapter: ServedAdapter | undefined): number[] {
    const { chatTemplate, tokenizer } = this.model;
    return encodePrompt({ chatTemplate, tokenizer: adapter?.tokenizer ?? tokenizer }, prompt);
  }

  /** The adapter, read from its file the first time; the digest is its identity. */
  async adapter({ path, digest }: NamedAdapter): Promise<ServedAdapter> {
    const found = this.#adapters.get(digest) ?? this.#load(path, digest);
    // The map's order is that of the last use.
    this.#adapters.delete(digest);
    this.#adapters.set(digest, found);
    const [oldest] = this.#adapters.keys();
    if (this.#adapters.size > KEPT_ADAPTERS && oldest !== undefined) this.#adapters.delete(oldest);
    try {
      return await found;
    } catch (error) {
      this.#adapters.delete(digest);
      throw error;
    }
  }

  async #load(path: string, digest: string): Promise<ServedAdapter> {
    return servedAdapter(this.model, await readAdapter(path, this.model, digest), digest);
  }
}
