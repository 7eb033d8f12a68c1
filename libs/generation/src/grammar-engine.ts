import type { CompiledGrammar, GrammarCompiler, GrammarMatcher } from '@mlc-ai/web-xgrammar';
import { AppError } from '@prad/errors';
import { LeastRecentlyUsed } from './least-recently-used.js';
import type { TokenGrammar, TokenMatcher } from './token-grammar.js';
import { openXGrammar, type XGrammarInstance } from './xgrammar.js';

/** Characters of the grammars that stay compiled; each takes some 200 bytes. */
const KEPT_CHARACTERS = 262_144;

/** What a grammar must know of a model's tokens. */
export interface GrammarVocabulary {
  /** Logits that the model gives. */
  readonly size: number;
  /** The bytes that a token adds to an answer; none for a token that an answer does not show. */
  readonly bytesOf: (id: number) => Uint8Array;
  /** Tokens that end an answer. */
  readonly endTokens: ReadonlySet<number>;
}

interface OpenEngine extends XGrammarInstance {
  readonly compiler: GrammarCompiler;
  readonly compiled: LeastRecentlyUsed<Promise<CompiledGrammar>>;
}

/** Compiles grammars for one model's vocabulary, and keeps those that were used lately. Costs nothing before it is first asked. */
export class GrammarEngine {
  #open: Promise<OpenEngine> | undefined;

  constructor(private readonly vocabulary: GrammarVocabulary) {}

  /**
   * @param ebnf as `@prad/json-schema` writes it: no two alternatives of a rule begin alike.
   * @throws AppError bug `grammar_engine_failed`; the next grammar is compiled by a new engine.
   */
  async compile(ebnf: string): Promise<TokenGrammar> {
    await this.#compiled(ebnf);
    return { begin: (endTokens) => this.#begin(ebnf, endTokens) };
  }

  async #begin(ebnf: string, endTokens: ReadonlySet<number>): Promise<TokenMatcher> {
    const { engine, compiled } = await this.#compiled(ebnf);
    const { GrammarMatcher } = engine.xgrammar;
    const own = this.vocabulary.endTokens;
    const others = endTokens.size === own.size ? undefined : [...endTokens];
    const matcher = await this.#guarded(engine, () => GrammarMatcher.createGrammarMatcher(compiled, others));
    return {
      allowed: () => this.#guarded(engine, () => matcher.getNextTokenBitmask()),
      accept: (id) => {
        accept(matcher, id);
      },
      close: () => {
        free(matcher);
      },
    };
  }

  async #compiled(
    ebnf: string,
  ): Promise<{ readonly engine: OpenEngine; readonly compiled: CompiledGrammar }> {
    const engine = await this.#opened();
    let compiling = engine.compiled.get(ebnf);
    if (!compiling) {
      compiling = this.#guarded(engine, () => engine.compiler.compileGrammar(ebnf));
      engine.compiled.set(ebnf, compiling, ebnf.length);
    }
    return { engine, compiled: await compiling };
  }

  async #opened(): Promise<OpenEngine> {
    try {
      return await (this.#open ??= this.#start());
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }

  async #start(): Promise<OpenEngine> {
    const { size, bytesOf, endTokens } = this.vocabulary;
    const instance = openXGrammar();
    const { TokenizerInfo, GrammarCompiler } = instance.xgrammar;
    // Its strings may be bytes, which those of tokens within a character must be.
    const tokens = Array.from({ length: size }, (_, id) => bytesOf(id)) as unknown as string[];
    const info = await TokenizerInfo.createTokenizerInfo(tokens, 'raw', false, size, [...endTokens]);
    const compiler = await GrammarCompiler.createGrammarCompiler(info, false);
    const dispose = (compiled: Promise<CompiledGrammar>): void => {
      // One that failed has nothing to free.
      compiled.then(free, () => undefined);
    };
    return { ...instance, compiler, compiled: new LeastRecentlyUsed(KEPT_CHARACTERS, dispose) };
  }

  /** Lets an instance go that has aborted, for it is of no more use. */
  async #guarded<T>(engine: OpenEngine, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (cause) {
      if ((await this.#open) === engine) this.#open = undefined;
      const reason = engine.printed.join(' ') || String(cause);
      throw new AppError({
        kind: 'bug',
        code: 'grammar_engine_failed',
        message: `the grammar engine failed: ${reason}`,
        cause,
      });
    }
  }
}

function free(one: GrammarMatcher | CompiledGrammar): void {
  try {
    one.dispose();
  } catch {
    // Its instance has aborted, and is let go as a whole.
  }
}

function accept(matcher: GrammarMatcher, id: number): void {
  if (matcher.acceptToken(id)) return;
  throw new AppError({
    kind: 'bug',
    code: 'token_not_allowed',
    message: `the token ${id} was chosen, which the answer's grammar does not allow there`,
  });
}
