import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as contracts from './index.js';
import {
  MAX_PROMPTS,
  MAX_SEQUENCES,
  adapterMethodNames,
  adapterOptions,
  createChatCompletion,
  createCompletion,
  createFineTuningJob,
  eventQuery,
} from './index.js';
import { MAX_PROMPT_TOKENS } from './prompts.js';

const job = { model: 'prad-tiny', training_file: 'file-1' };

function problems(result: { error?: z.ZodError | undefined }): string[] {
  return (result.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('create fine-tuning job', () => {
  it('fills in the method', () => {
    const parsed = createFineTuningJob.parse(job);
    expect(parsed.method).toEqual({
      type: 'prad',
      prad: { adapter: 'adapter', scope: 'prompt', ...adapterOptions.adapter.parse({}), hyperparameters: {} },
    });
  });

  it('names the known adapter methods when one is unknown', () => {
    const result = createFineTuningJob.safeParse({
      ...job,
      method: { type: 'prad', prad: { adapter: 'bitfit' } },
    });
    expect(problems(result)).toEqual([
      'method.prad.adapter: unknown adapter method "bitfit": known are adapter, lora, dora, prefix, prompt, mam, ia3, full',
    ]);
  });

  it.each([0, 4097, 1.5])('refuses rank %s', (rank) => {
    const result = createFineTuningJob.safeParse({ ...job, method: { type: 'prad', prad: { rank } } });
    expect(problems(result)[0]).toMatch(/^method\.prad\.rank: /);
  });

  it('says where misplaced hyperparameters belong', () => {
    const result = createFineTuningJob.safeParse({ ...job, hyperparameters: { n_epochs: 3 } });
    expect(problems(result)).toEqual([
      'hyperparameters: `hyperparameters` belong under method.prad.hyperparameters',
    ]);
  });

  it('refuses epochs together with steps, targets of a method without sites, and unknown fields', () => {
    const prad = { hyperparameters: { n_epochs: 1, max_steps: 2 } };
    expect(problems(createFineTuningJob.safeParse({ ...job, method: { type: 'prad', prad } }))[0]).toContain(
      'not both',
    );
    const targets = { adapter: 'adapter', targets: ['q_proj'] };
    expect(
      problems(createFineTuningJob.safeParse({ ...job, method: { type: 'prad', prad: targets } }))[0],
    ).toBe(
      'method.prad: `targets`: no option of adapter, whose options are rank, scale, site, layers, form, layer_norm, dropout, init, special_tokens, special_tokens_tied',
    );
    expect(createFineTuningJob.safeParse({ ...job, epochs: 3 }).success).toBe(false);
  });

  it.each(adapterMethodNames)('takes %s with its own options alone', (adapter) => {
    const parse = (prad: object) =>
      createFineTuningJob.safeParse({ ...job, method: { type: 'prad', prad: { adapter, ...prad } } });
    expect(parse({}).data?.method.prad).toEqual({
      ...{ adapter, scope: 'prompt', hyperparameters: {} },
      ...adapterOptions[adapter].parse({}),
    });
    expect(parse({ rang: 3 }).success).toBe(false);
    const foreign = adapter === 'lora' || adapter === 'dora' ? 'prefix_length' : 'alpha';
    expect(problems(parse({ [foreign]: 3 }))[0]).toContain(`no option of ${adapter}`);
  });

  it('takes full with hyperparameters alone, and says why it has no scope', () => {
    const parse = (prad: object) =>
      createFineTuningJob.safeParse({ ...job, method: { type: 'prad', prad: { adapter: 'full', ...prad } } });
    const expected = { adapter: 'full', scope: 'all', hyperparameters: {} };
    expect(parse({}).data?.method.prad).toEqual(expected);
    expect(parse({ scope: 'all' }).data?.method.prad).toEqual(expected);
    expect(problems(parse({ scope: 'prompt' }))[0]).toContain('its scope is "all", got "prompt"');
    expect(problems(parse({ rank: 3 }))[0]).toContain('`rank`: no option of full');
  });

  it('reads auto as the default', () => {
    const prad = { hyperparameters: { n_epochs: 'auto', batch_size: 4 } };
    const parsed = createFineTuningJob.parse({ ...job, method: { type: 'prad', prad } });
    expect(parsed.method.prad.hyperparameters).toEqual({ n_epochs: undefined, batch_size: 4 });
  });
});

describe('generation requests', () => {
  const completion = { model: 'm', prompt: 'p' };
  const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] };

  it('accept options that ask for nothing and refuse them otherwise', () => {
    expect(createCompletion.safeParse({ ...completion, suffix: '', logit_bias: null }).success).toBe(true);
    expect(problems(createCompletion.safeParse({ ...completion, suffix: 'x' }))).toEqual([
      'suffix: `suffix` is not supported: leave it out or send one of null, ""',
    ]);
    expect(createChatCompletion.safeParse({ ...chat, tools: [], tool_choice: 'none' }).success).toBe(true);
  });

  it('take a format of the answer, and refuse what it cannot have beside it', () => {
    const json_schema = { name: 'a', schema: { type: 'object' } };
    const formats = [null, { type: 'text' }, { type: 'json_object' }, { type: 'json_schema', json_schema }];
    const faults = (fields: object) =>
      [createCompletion.safeParse({ ...completion, ...fields })]
        .concat(createChatCompletion.safeParse({ ...chat, ...fields }) as never)
        .flatMap(problems);
    for (const response_format of formats) {
      expect(faults({ response_format })).toEqual([]);
      const beside = { response_format, num_beams: 2, min_tokens: 1, temperature: 0 };
      const refused = faults({ ...beside, min_tokens: 0 }).concat(faults({ ...beside, num_beams: 1 }));
      const isText = (response_format?.type ?? 'text') === 'text';
      expect(refused.map((fault) => fault.split(':')[0])).toEqual(
        isText ? [] : ['num_beams', 'num_beams', 'min_tokens', 'min_tokens'],
      );
    }
    const wrong = [
      ...[{ type: 'json' }, { type: 'json_schema' }, { type: 'json_object', json_schema }],
      { type: 'json_schema', json_schema: { ...json_schema, name: 'a b' } },
      { type: 'json_schema', json_schema: { name: 'a', schema: { const: '\0' } } },
    ];
    for (const response_format of wrong) expect(faults({ response_format })).toHaveLength(2);
  });

  it('refuse unknown fields and too many stops', () => {
    expect(createCompletion.safeParse({ ...completion, typical_p: 0.1 }).success).toBe(false);
    expect(createCompletion.safeParse({ ...completion, stop: ['a', 'b', 'c', 'd', 'e'] }).success).toBe(
      false,
    );
  });

  it('take texts, token ids or lists of either, and say what else they got', () => {
    const faults = (prompt: unknown) => problems(createCompletion.safeParse({ ...completion, prompt }));
    const longest = Array.from({ length: MAX_PROMPT_TOKENS }, () => 1);
    for (const prompt of ['', 'a', ['a', ''], [0, 7], [[0, 7], [5]], [longest]])
      expect(faults(prompt)).toEqual([]);
    const many = Array.from({ length: MAX_PROMPTS + 1 });
    const wrong: [unknown, string][] = [
      [undefined, 'nothing'],
      [7, 'a number'],
      [{ ids: [1] }, 'an object'],
      [[], 'an empty list'],
      [[[1], []], 'an empty list in list 1'],
      [[3, -1], '-1 at place 1'],
      [[1.5], '1.5 at place 0'],
      [[[1], [2, 2 ** 31]], '2147483648 at place 1 in list 1'],
      [[1, 'a'], 'a mixture: a number, a text'],
      [['a', [1]], 'a mixture: a text, a list'],
      [[['a']], 'a text at place 0 in list 0'],
      [[true], 'a list of 1, each a boolean'],
      [many.map(() => 'a'), 'a list of 129, each a text'],
      [many.map(() => [1]), 'a list of 129, each a list'],
      [[...longest, 1], '1048577 token ids'],
    ];
    for (const [prompt, got] of wrong) {
      const [fault, ...others] = faults(prompt);
      expect(others).toEqual([]);
      expect(fault).toMatch(/^prompt: `prompt` must be text, token ids \(.*, or a list of 1 to 128 texts or/);
      expect(fault?.split('; got ')[1]).toBe(got);
    }
  });

  it('take several answers, and the best of more where nobody streams them', () => {
    const faults = (fields: object) =>
      problems(createCompletion.safeParse({ ...completion, ...fields })).join();
    const taken = [
      ...[
        { n: MAX_SEQUENCES, stream: true },
        { n: 2, best_of: 3 },
        { best_of: 1, stream: true },
      ],
      ...[
        { n: 2, best_of: 2, stream: true },
        { n: 2, best_of: 2, num_beams: 2, temperature: 0 },
      ],
    ];
    for (const fields of taken) expect(faults(fields)).toBe('');
    expect(faults({ n: MAX_SEQUENCES + 1 })).toContain('n');
    expect(faults({ best_of: MAX_SEQUENCES + 1 })).toContain('best_of');
    expect(faults({ n: 3, best_of: 2 })).toContain('`best_of` must be at least `n`, 3');
    expect(faults({ n: 2, best_of: 3, stream: true })).toContain('`best_of` above `n` cannot be streamed');
    expect(faults({ best_of: 3, num_beams: 3, temperature: 0 })).toContain('`best_of` must be `n` or absent');
    expect(createChatCompletion.safeParse({ ...chat, n: 2, stream: true }).success).toBe(true);
    expect(createChatCompletion.safeParse({ ...chat, best_of: 2 }).success).toBe(false);
  });

  it('take beam search alone, and its options with it alone', () => {
    const beams = { num_beams: 3, n: 3, temperature: 0, length_penalty: 0.5, early_stopping: 'never' };
    for (const schema of [createCompletion, createChatCompletion]) {
      const asked = schema === createCompletion ? completion : chat;
      const faults = (fields: object) => problems(schema.safeParse({ ...asked, ...fields })).join();
      expect(faults(beams)).toBe('');
      expect(faults({ ...beams, n: 4 })).toContain('`n` must be at most `num_beams`, 3');
      expect(faults({ ...beams, temperature: 0.5 })).toContain('`temperature` must be 0 or absent');
      expect(faults({ ...beams, top_k: 5 })).toContain('`top_k` must be 0 or absent');
      expect(faults({ ...beams, min_p: 0.5, logit_bias: { 1: 2 }, stop_token_ids: [1] })).toMatch(
        /`min_p` must be 0.*`logit_bias` must be empty.*`stop_token_ids` must be empty/,
      );
      expect(faults({ ...beams, min_p: 0, logit_bias: {}, repetition_penalty: 1 })).toBe('');
      expect(faults({ length_penalty: 1, early_stopping: true })).toMatch(
        /`length_penalty` is.*`early_stopping` is/,
      );
      expect(faults({ num_beams: 0 })).toContain('num_beams');
    }
  });

  it('take biases by token ids, and likeliest tokens with log-probabilities alone', () => {
    const faults = (fields: object) =>
      problems(createChatCompletion.safeParse({ ...chat, ...fields })).join();
    expect(faults({ logit_bias: { 5: -100, 70: 3.5 }, logprobs: true, top_logprobs: 20 })).toBe('');
    expect(faults({ logit_bias: { hello: 1 } })).toContain('`logit_bias` is an object of token ids');
    expect(faults({ logit_bias: { 5: 101 } })).toContain('logit_bias.5');
    expect(faults({ top_logprobs: 2 })).toContain('`top_logprobs` needs `logprobs`');
    expect(faults({ frequency_penalty: 2.1 })).toContain('frequency_penalty');
    expect(faults({ repetition_penalty: 0 })).toContain('repetition_penalty');
  });

  it('refuse the character that no database row holds, and take what only reads like it', () => {
    const nul = 'a\0b';
    const told = (
      schema: { safeParse(value: unknown): { error?: { issues: { message: string }[] } } },
      value: object,
    ) => schema.safeParse({ model: 'm', ...value }).error?.issues[0]?.message;
    expect(told(createCompletion, { prompt: ['x', nul] })).toMatch(/^`prompt` must not contain.*U\+0000/);
    expect(told(createCompletion, { prompt: 'x', stop: [nul] })).toMatch(/^`stop` must not contain/);
    expect(told(createChatCompletion, { messages: [{ role: 'user', content: nul }] })).toMatch(
      /must not contain/,
    );
    expect(told(createCompletion, { prompt: 'x', stop: null })).toBeUndefined();
    expect(told(createCompletion, { prompt: 'a \\u0000 b' })).toBeUndefined();
  });

  it('refuse stream options without a stream and two names of one limit', () => {
    const options = { stream_options: { include_usage: true } };
    expect(createChatCompletion.safeParse({ ...chat, ...options }).success).toBe(false);
    expect(createChatCompletion.safeParse({ ...chat, ...options, stream: true }).success).toBe(true);
    expect(createChatCompletion.safeParse({ ...chat, max_tokens: 1, max_completion_tokens: 1 }).success).toBe(
      false,
    );
  });
});

it('reads numbers of a query string', () => {
  expect(eventQuery.parse({ limit: '5' })).toEqual({ limit: 5 });
  expect(eventQuery.safeParse({ limit: '0' }).success).toBe(false);
});

it('every contract has a JSON schema', () => {
  const schemas = Object.values(contracts).filter((value) => value instanceof z.ZodType);
  expect(schemas.length).toBeGreaterThan(20);
  for (const schema of schemas) expect(() => z.toJSONSchema(schema, { io: 'input' })).not.toThrow();
});
