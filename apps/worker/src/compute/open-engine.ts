import { readAdapter } from '@prad/adapter-files';
import { encodePrompt, type Prompt } from '@prad/formats';
import {
  AdapterBank,
  Engine,
  GrammarEngine,
  OnnxExecutor,
  OnnxReadingExecutor,
  PromptReader,
  servedAdapter,
  textRules,
  type Detokenizer,
  type ReadingRun,
  type ServedAdapter,
  type StepFacts,
  type TokenGrammar,
} from '@prad/generation';
import { openBaseModel, type BaseModel } from '@prad/models';
import type { EngineSettings, GenerateParams } from './generation-messages.js';

type NamedAdapter = NonNullable<GenerateParams['adapter']>;

/** Who hears of what is run; they must be quick. */
export interface RunListeners {
  readonly onStep: (step: StepFacts) => void;
  readonly onRun: (run: ReadingRun) => void;
}

/** One base model, ready to answer, with the adapters that were asked for lately. */
export class OpenEngine {
  #reader: Promise<PromptReader> | undefined;
  #reading: PromptReader | undefined;
  readonly #grammars: GrammarEngine;

  private constructor(
    private readonly model: BaseModel,
    readonly engine: Engine,
    private readonly adapters: AdapterBank,
    private readonly openReader: () => Promise<PromptReader>,
  ) {
    const { dimensions, tokenizer, endTokens } = model;
    const bytesOf = (id: number): Uint8Array =>
      tokenizer.isSpecial(id) ? new Uint8Array() : tokenizer.bytesOf(id);
    this.#grammars = new GrammarEngine({ size: dimensions.vocabSize, bytesOf, endTokens });
  }

  static async open(
    base: GenerateParams['base'],
    settings: EngineSettings,
    { onStep, onRun }: RunListeners,
  ): Promise<OpenEngine> {
    const model = await openBaseModel(base.folder, base.name);
    const { maxNumSeqs: slots, maxModelLen, maxNumBatchedTokens: prefillTokens } = settings;
    const { decodeWeights, prefillWeights, intraOpThreads, device } = settings;
    const { cacheBytes, prefixCacheBytes, adapterCacheBytes } = settings;
    const capacity = Math.min(model.dimensions.maxPositions, maxModelLen ?? Infinity);
    const executor = await OnnxExecutor.open(model, {
      ...{ slots, capacity, decodeWeights, prefillWeights, intraOpThreads, device },
    });
    const options = { prefillTokens, cacheBytes, prefixCacheBytes, onStep };
    const engine = new Engine(executor, textRules(model), options);
    const openReader = async () => {
      const size = { capacity, intraOpThreads, device };
      return new PromptReader(await OnnxReadingExecutor.open(model, size), { prefillTokens, onRun });
    };
    return new OpenEngine(model, engine, new AdapterBank(adapterCacheBytes), openReader);
  }

  /** What reads prompts that want no text; it is opened when it is first asked for. */
  async reader(): Promise<PromptReader> {
    this.#reader ??= this.openReader();
    try {
      return (this.#reading = await this.#reader);
    } catch (error) {
      this.#reader = undefined;
      throw error;
    }
  }

  get idle(): boolean {
    const { waiting, running } = this.engine.load;
    return waiting + running === 0 && this.#reading?.idle !== false;
  }

  get vocabSize(): number {
    return this.model.dimensions.vocabSize;
  }

  /** Ends what is under way and frees the memory. */
  async close(): Promise<void> {
    await this.engine.close();
    await (await this.#reader?.catch(() => undefined))?.close();
  }

  /** A prompt's tokens as the adapter, where there is one, reads it. */
  encode(prompt: Prompt, adapter: ServedAdapter | undefined): number[] {
    const { chatTemplate, tokenizer } = this.model;
    return encodePrompt({ chatTemplate, tokenizer: adapter?.tokenizer ?? tokenizer }, prompt);
  }

  /** The bytes of a token of an answer. */
  readonly spell = (id: number): Uint8Array => this.model.tokenizer.bytesOf(id);

  /** Makes text of a prompt's tokens. */
  detokenizer(): Detokenizer {
    return textRules(this.model).detokenizer();
  }

  /** The grammar over this model's tokens; compiled where it was not asked for lately. */
  grammar(ebnf: string): Promise<TokenGrammar> {
    return this.#grammars.compile(ebnf);
  }

  /** Tokens of an answer; as it is trained, with the end token. */
  encodeAnswer(text: string, endToken = true): number[] {
    const { tokenizer } = this.model;
    const { eosTokenId } = tokenizer;
    return [
      ...tokenizer.encode(text, { addSpecialTokens: false }),
      ...(!endToken || eosTokenId === undefined ? [] : [eosTokenId]),
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
