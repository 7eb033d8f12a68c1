import { readAdapter } from '@prad/adapter-files';
import { encodePrompt, type Prompt } from '@prad/formats';
import {
  AdapterBank,
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

/** One base model, ready to answer, with the adapters that were asked for lately. */
export class OpenEngine {
  private constructor(
    private readonly model: BaseModel,
    readonly engine: Engine,
    private readonly adapters: AdapterBank,
  ) {}

  static async open(
    base: GenerateParams['base'],
    settings: EngineSettings,
    onStep: (step: StepFacts) => void,
  ): Promise<OpenEngine> {
    const model = await openBaseModel(base.folder, base.name);
    const { maxNumSeqs: slots, maxModelLen, maxNumBatchedTokens: prefillTokens } = settings;
    const { decodeWeights, intraOpThreads, device, cacheBytes, prefixCacheBytes, adapterCacheBytes } =
      settings;
    const capacity = Math.min(model.dimensions.maxPositions, maxModelLen ?? Infinity);
    const executor = await OnnxExecutor.open(model, {
      ...{ slots, capacity, decodeWeights, intraOpThreads, device, bankBytes: adapterCacheBytes },
    });
    const options = { prefillTokens, cacheBytes, prefixCacheBytes, onStep };
    const engine = new Engine(executor, textRules(model), options);
    return new OpenEngine(model, engine, new AdapterBank(adapterCacheBytes));
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

  /** Tokens of an answer as it is trained, with the end token. */
  encodeAnswer(text: string): number[] {
    const { tokenizer } = this.model;
    const { eosTokenId } = tokenizer;
    return [
      ...tokenizer.encode(text, { addSpecialTokens: false }),
      ...(eosTokenId === undefined ? [] : [eosTokenId]),
    ];
  }

  /** The adapter, read from its file where it is not in memory; the digest is its identity. */
  adapter({ path, digest }: NamedAdapter): Promise<ServedAdapter> {
    return this.adapters.get(digest, () => this.#load(path, digest));
  }

  async #load(path: string, digest: string): Promise<ServedAdapter> {
    return servedAdapter(this.model, await readAdapter(path, this.model, digest), digest);
  }
}
