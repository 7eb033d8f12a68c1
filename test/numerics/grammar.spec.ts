import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { openModelSource, Tokenizer } from '@prad/formats';
import { GrammarEngine } from '@prad/generation';
import { objectGrammar, schemaGrammar } from '@prad/json-schema';
import { describe, expect, it } from 'vitest';
import { exampleOf, jsonSchemas, spelled, type JsonSchema } from './support/json-schemas.js';

/** Bytes of tokens by their ids; a token without bytes shows nothing. */
type Tokens = readonly Buffer[];

/** Every byte, and tokens that begin and end anywhere in JSON and in characters. */
const small: Tokens = [
  ...[Buffer.alloc(0), Buffer.alloc(0)],
  ...Array.from({ length: 256 }, (_, byte) => Buffer.of(byte)),
  ...[
    '","',
    '","a',
    '": "',
    '":',
    '"}',
    '}}',
    ']}',
    '{"',
    '{}',
    '[]',
    '[[',
    '],',
    '", ',
    ' "',
    '"',
    'a"',
    '"kind',
  ].map((text) => Buffer.from(text)),
  ...[
    'true',
    'null',
    'fal',
    '12',
    '-1',
    '0.',
    '.5',
    'e5',
    '1,',
    '\\u',
    'u00',
    '\\ud8',
    '\\n',
    'ab',
    'é',
    '😀',
  ].map((text) => Buffer.from(text)),
  ...[
    Buffer.of(0x20, 0xf0),
    Buffer.of(0x9f, 0x98),
    Buffer.of(0x80, 0x22),
    Buffer.of(0xed, 0xa0),
    Buffer.of(0xc0),
  ],
];
const END = 1;

const file = join(import.meta.dirname, '../../.cache/SmolLM2-135M-Instruct.Q4_1.gguf');
const missing = !existsSync(file);
if (missing) console.warn(`skipped: ${file} is not there (see test/reference/README.md)`);

const engineOf = (tokens: Tokens, end: number): GrammarEngine =>
  new GrammarEngine({
    size: tokens.length,
    bytesOf: (id) => tokens[id] ?? Buffer.alloc(0),
    endTokens: new Set([end]),
  });

/** Whole numbers below a bound, the same for the same seed. */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * below);
  };
}

/** A random answer that the grammar allows, which turns to its end after a while; undefined where it does not come to it. */
async function walk(
  ebnf: string,
  { engine, tokens, end }: Served,
  draw: (below: number) => number,
): Promise<Buffer | undefined> {
  const matcher = await (await engine.compile(ebnf)).begin(new Set([end]));
  const said: Buffer[] = [];
  const patience = draw(60);
  try {
    for (let step = 0; step < 400; step++) {
      const mask = await matcher.allowed();
      const allowed = tokens.flatMap((_, id) =>
        (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1 ? [id] : [],
      );
      const closing = allowed.filter((id) => id === end || /^["}\]]+$/.test(tokens[id]!.toString()));
      const closes = closing.length > 0 && draw(10) < (step > patience ? 8 : 3);
      const id = closes ? closing[draw(closing.length)] : allowed[draw(allowed.length)];
      if (id === undefined)
        throw new Error(`nothing is allowed behind ${JSON.stringify(Buffer.concat(said).toString())}`);
      matcher.accept(id);
      if (id === end) return Buffer.concat(said);
      said.push(tokens[id]!);
    }
    return undefined;
  } finally {
    matcher.close();
  }
}

/** Whether a text is allowed token by token, cut into tokens anyhow. */
async function isAllowed(
  ebnf: string,
  text: string,
  { engine, end, ids }: Served,
  draw: (below: number) => number,
): Promise<boolean> {
  const matcher = await (await engine.compile(ebnf)).begin(new Set([end]));
  const bytes = Buffer.from(text).toString('latin1');
  try {
    for (let place = 0; place <= bytes.length;) {
      let length = Math.min(1 + draw(12), bytes.length - place);
      while (length > 1 && !ids.has(bytes.slice(place, place + length))) length--;
      const id = place === bytes.length ? end : ids.get(bytes.slice(place, place + length))!;
      const mask = await matcher.allowed();
      if ((((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 0) return false;
      matcher.accept(id);
      place += Math.max(1, length);
    }
    return true;
  } finally {
    matcher.close();
  }
}

interface Served {
  readonly engine: GrammarEngine;
  readonly tokens: Tokens;
  readonly end: number;
  readonly ids: ReadonlyMap<string, number>;
}

function serving(tokens: Tokens, end: number): Served {
  const ids = new Map(tokens.map((bytes, id) => [bytes.toString('latin1'), id]));
  return { engine: engineOf(tokens, end), tokens, end, ids };
}

const ajv = new Ajv2020({ strict: false });
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined for a schema that cannot be followed, and for one that ajv runs in circles with. */
function compiled(
  schema: JsonSchema,
): { readonly ebnf: string; readonly validate: (value: unknown) => boolean } | undefined {
  try {
    const ebnf = schemaGrammar(schema);
    const validate = ajv.compile(schema);
    validate(1);
    return { ebnf, validate: (value) => validate(value) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    expect(error).toMatchObject({ code: 'invalid_json_schema' });
    return undefined;
  }
}

/** Walks and examples of random schemas. @returns how many of each there were. */
async function check(
  served: Served,
  { numRuns, walks }: { readonly numRuns: number; readonly walks: number },
) {
  const seen = { followed: 0, finished: 0, examples: 0 };
  const property = fc.asyncProperty(jsonSchemas, fc.nat(), async (schema, seed) => {
    const followed = compiled(schema);
    if (!followed) return;
    seen.followed++;
    const draw = drawing(seed);
    for (let round = 0; round < walks; round++) {
      const answer = await walk(followed.ebnf, served, draw);
      if (answer) {
        seen.finished++;
        const text = utf8.decode(answer);
        if (!followed.validate(JSON.parse(text))) throw new Error(`allowed, but not valid: ${text}`);
      }
      const example = exampleOf(schema, draw);
      if (example === undefined || !followed.validate(example)) continue;
      seen.examples++;
      const text = spelled(example, draw);
      if (!(await isAllowed(followed.ebnf, text, served, draw)))
        throw new Error(`valid, but not allowed: ${text}`);
    }
  });
  await fc.assert(property, { numRuns, seed: 27 });
  return seen;
}

describe('answers that follow a JSON schema', () => {
  it('are valid by ajv, and all valid values are among them', async () => {
    const seen = await check(serving(small, END), { numRuns: 300, walks: 4 });
    expect(seen.followed).toBeGreaterThan(200);
    expect(seen.finished).toBeGreaterThan(700);
    expect(seen.examples).toBeGreaterThan(700);
  });

  it.skipIf(missing)('are so with the tokens of SmolLM2', async () => {
    const source = await openModelSource(file);
    const tokenizer = Tokenizer.fromJson(source.tokenizer, source.tokenizerConfig);
    await source.close();
    const tokens = Array.from({ length: tokenizer.vocabSize }, (_, id) =>
      Buffer.from(tokenizer.isSpecial(id) ? [] : tokenizer.bytesOf(id)),
    );
    const seen = await check(serving(tokens, tokenizer.eosTokenId!), { numRuns: 40, walks: 2 });
    expect(seen.finished).toBeGreaterThan(40);
    expect(seen.examples).toBeGreaterThan(40);
  });

  it('are of UTF-8 alone, whatever bytes tokens have', async () => {
    const served = serving(small, END);
    const draw = drawing(1);
    const ebnf = schemaGrammar({ type: 'string' });
    for (let round = 0; round < 300; round++) {
      const answer = await walk(ebnf, served, draw);
      expect(typeof JSON.parse(utf8.decode(answer))).toBe('string');
    }
  });

  it('are any JSON object where no schema is given', async () => {
    const served = serving(small, END);
    const draw = drawing(2);
    for (let round = 0; round < 50; round++) {
      const answer = await walk(objectGrammar(), served, draw);
      if (answer) expect(JSON.parse(utf8.decode(answer))).toBeTypeOf('object');
    }
    const object = { '': [[], {}, 'a', 1.5, { b: null }], 'é"': { c: false } };
    expect(await isAllowed(objectGrammar(), spelled(object, draw), served, draw)).toBe(true);
    expect(await isAllowed(objectGrammar(), '[]', served, draw)).toBe(false);
  });

  it('end where the grammar may end, by any of the tokens that end them', async () => {
    const { engine } = serving(small, END);
    const brace = small.findIndex((bytes) => bytes.toString() === '}');
    const matcher = await (await engine.compile(objectGrammar())).begin(new Set([END, 0, brace]));
    const ends = async () => {
      const mask = await matcher.allowed();
      return [END, 0, brace].map((id) => ((mask[id >> 5] ?? 0) >>> (id & 31)) & 1);
    };
    expect(await ends()).toEqual([0, 0, 0]);
    matcher.accept(small.findIndex((bytes) => bytes.toString() === '{}'));
    expect(await ends()).toEqual([1, 1, 1]);
    expect(() => {
      matcher.accept(2 + 0x61);
    }).toThrow(`the token ${2 + 0x61} was chosen`);
    matcher.close();
  });

  it('go on where their grammar is no longer kept, and begin where it must be compiled again', async () => {
    const served = serving(small, END);
    const draw = drawing(3);
    const grammarOf = (place: number) => schemaGrammar({ enum: [`of ${place}`, 'x'.repeat(20_000 + place)] });
    const text = JSON.stringify('of 0');
    const first = await served.engine.compile(grammarOf(0));
    const running = await first.begin(new Set([END]));
    for (let place = 1; place <= 20; place++) await served.engine.compile(grammarOf(place));
    for (const byte of Buffer.from(text)) {
      expect((((await running.allowed())[(byte + 2) >> 5] ?? 0) >>> ((byte + 2) & 31)) & 1).toBe(1);
      running.accept(byte + 2);
    }
    running.accept(END);
    running.close();
    expect(await isAllowed(grammarOf(0), text, served, draw)).toBe(true);
    (await first.begin(new Set([END]))).close();
  });

  it('come from a new engine where a grammar broke the last one', async () => {
    const { engine } = serving(small, END);
    const before = await engine.compile(objectGrammar());
    await expect(engine.compile('root ::= nowhere')).rejects.toMatchObject({
      code: 'grammar_engine_failed',
      message: expect.stringContaining('"nowhere" is not defined') as unknown,
    });
    const matcher = await before.begin(new Set([END]));
    matcher.accept(small.findIndex((bytes) => bytes.toString() === '{}'));
    matcher.close();
  });
});
