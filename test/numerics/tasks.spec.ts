import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ChatTemplate,
  encodeExample,
  parseJsonObject,
  readJsonLines,
  Tokenizer,
  type JsonObject,
  type OwnTokens,
} from '@prad/formats';
import { builtInTasks, groupReferences, rowReader, type Purpose, type ReadExample } from '@prad/tasks';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const bundled = join(root, 'bundled/prad-tiny');
let codec: { tokenizer: Tokenizer; chatTemplate: ChatTemplate };
/** As an adapter has them that adds a task's special tokens. */
let own: OwnTokens;
let first: number;

beforeAll(async () => {
  const json = async (name: string) => parseJsonObject(await readFile(join(bundled, name)), name);
  const config = await json('tokenizer_config.json');
  const tokenizer = Tokenizer.fromJson(await json('tokenizer.json'), config);
  codec = { tokenizer, chatTemplate: ChatTemplate.fromConfig(config) };
  first = tokenizer.vocabSize;
  const added = builtInTasks.get('e2e')?.specialTokens ?? [];
  own = { promptTokenizer: tokenizer.withAddedTokens(added, first), inFront: [] };
});

const ids = (text: string): number[] => codec.tokenizer.encode(text, { addSpecialTokens: false });
/** The id of a special token, by its place in the released code's list. */
const token = (text: string): number => first + (builtInTasks.get('e2e')?.specialTokens.indexOf(text) ?? NaN);

function special(name: string, row: JsonObject, purpose: Purpose = 'train') {
  const read = rowReader({ name, template: 'special', labels: null, definition: null }, purpose);
  const { tokens, promptLength } = encodeExample(codec, read(row, 1), own);
  return {
    prompt: tokens.slice(0, promptLength),
    answer: tokens.slice(promptLength, -1),
    end: tokens.at(-1),
  };
}

function plain(name: string, row: JsonObject, purpose: Purpose = 'train') {
  const read = rowReader({ name, template: 'plain', labels: null, definition: null }, purpose);
  const { tokens, promptLength } = encodeExample(codec, read(row, 1));
  return { prompt: tokens.slice(0, promptLength), answer: tokens.slice(promptLength, -1) };
}

const words = (count: number): string =>
  Array.from({ length: count }, (_, index) => `word${index}`).join(' ');

describe('templates with special tokens', () => {
  it('adds the tokens of the released code in its order', () => {
    const { specialTokens } = builtInTasks.get('web_nlg')!;
    expect(specialTokens).toHaveLength(17);
    expect([specialTokens[0], specialTokens[8], specialTokens[16]]).toEqual([
      ...['<|end|>', '<target>', '<|customerRating|>'],
    ]);
  });

  it('e2e: a token for each attribute, its value as text of its own', () => {
    const meaning = 'name[Blue Spice], eatType[coffee shop], area[city centre]';
    const row = { meaning_representation: meaning, human_reference: 'Blue Spice is a coffee shop.' };
    const { prompt, answer, end } = special('e2e', row);
    expect(prompt).toEqual([
      ...[token('<|start|>'), token('<|name|>'), ...ids('Blue Spice'), token('<|eatType|>')],
      ...[...ids('coffee shop'), token('<|area|>'), ...ids('city centre'), token('<|sep|>')],
    ]);
    expect(answer).toEqual(ids('Blue Spice is a coffee shop.'));
    expect(end).toBe(codec.tokenizer.eosTokenId);
  });

  it('e2e: keeps the order of attributes and writes customer rating in one word', () => {
    const row = {
      meaning_representation: 'customer rating[5 out of 5], near[Café Sicilia], name[Aromi]',
      human_reference: 'a',
    };
    expect(special('e2e', row).prompt).toEqual([
      ...[token('<|start|>'), token('<|customerRating|>'), ...ids('5 out of 5'), token('<|near|>')],
      ...[...ids('Café Sicilia'), token('<|name|>'), ...ids('Aromi'), token('<|sep|>')],
    ]);
  });

  it('web_nlg: subject, property, object of each triple', () => {
    const row = { triple: ['Old_Mill|floor area|20.5', 'B | "c, d" | E_f'], text: 'T.' };
    const [s, p, o] = ['<|subject|>', '<|property|>', '<|object|>'].map(token);
    expect(special('web_nlg', row).prompt).toEqual([
      ...[token('<|start|>'), s, ...ids('Old_Mill'), p, ...ids('floor area'), o, ...ids('20.5')],
      token('<|triple_sep|>'),
      ...[s, ...ids('B'), p, ...ids('"c, d"'), o, ...ids('E_f'), token('<|sep|>')],
    ]);
  });

  it.each([
    ['mt', 'de', 'en', 100, 100],
    ['xsum', 'document', 'summary', 400, 130],
  ])('%s: the first tokens of source and answer', (name, source, answer, mostSource, mostAnswer) => {
    const row = { [source]: words(300), [answer]: words(200) };
    for (const purpose of ['train', 'test'] as const) {
      const read = special(name, row, purpose);
      expect(read.prompt).toEqual([
        ...[token('<|start|>'), ...ids(words(300)).slice(0, mostSource), token('<|sep|>')],
      ]);
      expect(read.answer).toEqual(ids(words(200)).slice(0, mostAnswer));
    }
  });

  it('sst2: the first 128 tokens and the label word', () => {
    const { prompt, answer } = special('sst2', { text: words(100), sentiment: 'negative' });
    expect(prompt).toEqual([token('<|start|>'), ...ids(words(100)).slice(0, 128), token('<|sep|>')]);
    expect(answer).toEqual(ids('negative'));
  });

  it('mnli: both sentences, cut as a whole in training only', () => {
    const short = { source: '[hypothesis]:people sleep  [premise]:It is night.', target: 'neutral' };
    const whole = [
      ...[token('<|start|>'), token('<|subject|>'), ...ids('people sleep')],
      ...[token('<|object|>'), ...ids('It is night.')],
    ];
    expect(special('mnli', short).prompt).toEqual([...whole, token('<|sep|>')]);
    const long = { source: `[hypothesis]:h [premise]:${words(100)}`, target: 'entailment' };
    const uncut = [
      ...[token('<|start|>'), token('<|subject|>'), ...ids('h'), token('<|object|>'), ...ids(words(100))],
    ];
    expect(uncut.length).toBeGreaterThan(128);
    expect(special('mnli', long).prompt).toEqual([...uncut.slice(0, 128), token('<|sep|>')]);
    expect(special('mnli', long, 'test').prompt).toEqual([...uncut, token('<|sep|>')]);
  });
});

describe('templates in plain words', () => {
  it.each([
    ['mt', { de: 'guten morgen.', en: 'good morning.' }, 'guten morgen.', 'good morning.'],
    ['xsum', { document: 'A story.', summary: 'A line.', id: '7' }, 'A story.', 'A line.'],
    ['sst2', { text: 'it is slow', sentiment: 'negative' }, 'it is slow', 'negative'],
    [
      'mnli',
      { source: '[hypothesis]:a [premise]:b', target: 'neutral' },
      '[hypothesis]:a [premise]:b',
      'neutral',
    ],
    ['e2e', { meaning_representation: 'name[A]', human_reference: 'A.' }, 'name[A]', 'A.'],
    ['web_nlg', { triple: ['a|b|c', 'd|e|f'], text: 'A.' }, 'a | b | c, d | e | f', 'A.'],
  ])('%s: input and output', (name, row, source, answer) => {
    expect(plain(name, row)).toEqual({ prompt: ids(`#INPUT: ${source} #OUTPUT: `), answer: ids(answer) });
  });

  it.each([
    ['train', 256],
    ['test', 512],
  ] as const)('keeps the beginning and the last five tokens where it is long: %s', (purpose, most) => {
    const text = ids(`#INPUT: ${words(500)} #OUTPUT: `);
    expect(text.length).toBeGreaterThan(most + 5);
    const read = plain('xsum', { document: words(500), summary: words(200) }, purpose);
    expect(read.prompt).toEqual([...text.slice(0, most), ...text.slice(-5)]);
    expect(read.answer).toEqual(ids(words(200)).slice(0, 128));
  });

  it('puts what a tokenizer adds around the pieces as a whole', async () => {
    const json = parseJsonObject(await readFile(join(bundled, 'tokenizer.json')), 'tokenizer.json');
    const begin = codec.tokenizer.tokenOf(codec.tokenizer.eosTokenId ?? 0) ?? '';
    const post_processor = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: begin, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { [begin]: { id: begin, ids: [codec.tokenizer.eosTokenId], tokens: [begin] } },
    };
    const tokenizer = Tokenizer.fromJson({ ...json, post_processor }, { eos_token: begin });
    const text = '#INPUT: a b #OUTPUT: ';
    const read = rowReader({ name: 'sst2', template: 'plain', labels: null, definition: null }, 'train');
    const example = read({ text: 'a b', sentiment: 'positive' }, 1);
    const { tokens, promptLength } = encodeExample({ ...codec, tokenizer }, example);
    expect(example.prompt.kind).toBe('pieces');
    expect(tokens.slice(0, promptLength)).toEqual(tokenizer.encode(text));
    expect(tokens.slice(0, promptLength)).toEqual([codec.tokenizer.eosTokenId, ...ids(text)]);
  });
});

const shared = join(root, '../shared/data');
const samples = (name: string, split: string) => join(shared, 'samples', name, `${split}.jsonl`);

describe.skipIf(!existsSync(shared))(
  'the released 100-row samples (skipped where ../shared/data is absent)',
  () => {
    async function* examplesOf(name: string, split: string): AsyncGenerator<ReadExample> {
      const read = rowReader({ name, template: 'special', labels: null, definition: null }, 'test');
      for await (const { line, value } of readJsonLines(samples(name, split)))
        yield { line, example: read(value, line) };
    }

    it.each([
      ['e2e', 18],
      ['web_nlg', 39],
    ])('%s: 100 rows are %d groups', async (name, count) => {
      const groups = [];
      for await (const group of groupReferences(examplesOf(name, 'test'))) groups.push(group);
      expect(groups).toHaveLength(count);
      expect(groups.flatMap(({ references }) => references)).toHaveLength(100);
    });

    it.each(['e2e', 'web_nlg', 'mt', 'xsum', 'sst2', 'mnli'])('%s: every row is read', async (name) => {
      for (const split of ['train', 'validation', 'test']) {
        if (!existsSync(samples(name, split))) continue;
        const lines = [];
        for await (const { line } of examplesOf(name, split)) lines.push(line);
        expect(lines).toHaveLength(100);
      }
    });
  },
);
