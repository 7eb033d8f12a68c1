import { readAdapter } from '@prad/adapter-files';
import { decodePrompt, encodePrompt, promptOffsets, type Tokenizer } from '@prad/formats';
import {
  AdapterBank,
  Engine,
  GrammarEngine,
  OnnxExecutor,
  OnnxReadingExecutor,
  PromptReader,
  servedAdapter,
  textRules,
  type ReadingRun,
  type ServedAdapter,
  type StepFacts,
  type TokenGrammar,
} from '@prad/generation';
import { openBaseModel, type BaseModel } from '@prad/models';
import type { EngineSettings, GenerateParams, RequestPrompt } from './generation-messages.js';
import type { Spelling } from './spelling.js';
import { storable } from './storable.js';

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

  /** One more than the highest id that a prompt may hold: an adapter has special tokens of its own, but not those that it puts in front. */
  promptVocabSize(adapter: ServedAdapter | undefined): number {
    return this.vocabSize + (adapter?.loaded.adapter.virtualTokens?.special.length ?? 0);
  }

  /** A prompt's tokens as the adapter, where there is one, reads it. */
  encode(prompt: RequestPrompt, adapter: ServedAdapter | undefined): readonly number[] {
    if (prompt.kind === 'tokens') return prompt.tokens;
    const { chatTemplate } = this.model;
    return encodePrompt({ chatTemplate, tokenizer: this.#promptTokenizer(adapter) }, prompt);
  }

  /** A prompt as text that an answer can begin with. */
  textOf(prompt: RequestPrompt, adapter: ServedAdapter | undefined): string {
    if (prompt.kind === 'text') return prompt.text;
    return storable(decodePrompt(this.#promptTokenizer(adapter), this.encode(prompt, adapter)));
  }

  /** Where in its text each token of a prompt begins. */
  promptOffsets(tokens: readonly number[], adapter: ServedAdapter | undefined): readonly number[] {
    return promptOffsets(this.#promptTokenizer(adapter), tokens);
  }

  /** The bytes of a token of a prompt. */
  promptSpelling(adapter: ServedAdapter | undefined): Spelling {
    return this.#promptTokenizer(adapter).bytesOf;
  }

  /** The bytes of a token of an answer. */
  readonly spell = (id: number): Uint8Array => this.model.tokenizer.bytesOf(id);

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

  #promptTokenizer(adapter: ServedAdapter | undefined): Tokenizer {
    return adapter?.tokenizer ?? this.model.tokenizer;
  }

  async #load(path: string, digest: string): Promise<ServedAdapter> {
    return servedAdapter(this.model, await readAdapter(path, this.model, digest), digest);
  }
}
