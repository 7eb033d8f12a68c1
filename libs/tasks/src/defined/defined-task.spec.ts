import { describe, expect, it } from 'vitest';
import { definedTask, type TaskDefinition } from './definition.js';

const definition: TaskDefinition = {
  description: 'Who is meant.',
  prompt:
    '{% for person in people %}{{ person.name }} ({{ person.age }}){% if not loop.last %}, {% endif %}{% endfor %}: {{ question | trim }} ->',
  answer: '{{ answer }}',
  labels: null,
  metrics: ['accuracy'],
  maxTokens: 8,
  temperature: 0,
  stop: ['\n'],
  example: {
    people: [
      { name: 'Ann', age: 7 },
      { name: 'Bo', age: 61 },
    ],
    question: ' who is old? ',
    answer: ' Bo',
  },
};
const reading = { template: 'plain', purpose: 'train' } as const;
const written = (prompt: string, row: object) => {
  const task = definedTask('t', { ...definition, prompt, example: { ...row, answer: 'a' } });
  const read = task.read({ ...row, answer: 'a' }, reading);
  return read.prompt.kind === 'text' ? read.prompt.text : undefined;
};

describe('a task by its definition', () => {
  it('writes prompts and answers', () => {
    const task = definedTask('who', definition);
    expect(task.read(definition.example, reading)).toEqual({
      prompt: { kind: 'text', text: 'Ann (7), Bo (61): who is old? ->' },
      answer: { text: ' Bo' },
    });
    expect(task.decoding('plain')).toEqual({ numBeams: 1, maxTokens: 8, temperature: 0, stop: ['\n'] });
    expect(task.templates).toEqual(['plain']);
  });

  it('puts words for labels', () => {
    const labels = { '0': 'bad', '1': 'good' };
    const example = { text: 'x', label: 1 };
    const task = definedTask('t', {
      ...definition,
      prompt: '{{text}}',
      answer: '{{ label }}',
      labels,
      example,
    });
    expect(task.labels).toEqual(['bad', 'good']);
    expect(task.read({ text: 'y', label: '0' }, reading).answer).toEqual({ text: 'bad' });
    expect(() => task.read({ text: 'y', label: 2 }, reading)).toThrow(
      'the label must be one of 0, 1, got "2"',
    );
  });

  it.each([
    ['{{ a.b }}', { a: { b: 1 } }, '1'],
    ['{{ a | default("none") }}', {}, 'none'],
    ['{% if a %}{{ a }}{% else %}-{% endif %}', {}, '-'],
    ['{{ a if a is defined else "no" }}', {}, 'no'],
    ['{{ tags | join(", ") }}', { tags: ['a', 'b'] }, 'a, b'],
    ['{{ a.replace("_", " ").upper() }}', { a: 'x_y' }, 'X Y'],
    ['{{ a.strip("-") }}', { a: '-x y-' }, 'x y'],
    ['{% for k, v in a.items() %}{{ k }}={{ v }};{% endfor %}', { a: { x: 1, y: true } }, 'x=1;y=true;'],
    ['{% for p in a.split("|") if p != "b" %}{{ p }}{% endfor %}', { a: 'a|b|c' }, 'ac'],
    ['{{ a[0] }}{{ a[1:] | join("") }}', { a: ['p', 'q', 'r'] }, 'pqr'],
    ['{{ a }}', { a: 'x', range: 1, none: 2, emit_value: 3, big: 'y'.repeat(300_000) }, 'x'],
    ['{{ a ~ "-" ~ b }}', { a: 'x', b: 2 }, 'x-2'],
  ])('renders %s', (prompt, row, expected) => {
    expect(written(prompt, row)).toBe(expected);
  });

  it.each([
    ['{{ missing }}', /^example: missing is missing$/],
    ['{{ question.x }}', /^example: question is null, or has no such part$/],
    ['{{ people }}', /^example: people must be text or a number/],
    ['{{ people.x.y }}', /^example: people is null, or has no such part$/],
    ['{{ people | trim }}', /^example: the template fails on the row: Unknown ArrayValue filter: trim/],
    ['{{ nothing }}', /^example: nothing is null, or/],
    ['{{ blank }}', /^example: the prompt that the template writes must not be empty$/],
    ['{{ question', /^prompt: the template: it is not Jinja/],
    ['{% for a in people %}', /^prompt: the template: it is not Jinja/],
    ['x'.repeat(9_000), /^prompt: the template: it has 9000 characters, at most 8192/],
    ['{{ a }}'.repeat(600), /^prompt: the template: it has more than 500 parts/],
    ['{% for i in range(9) %}x{% endfor %}', /^prompt: the template: calls are taken of the methods/],
    ['{{ strftime_now("%Y") }}', /^prompt: the template: calls are taken of the methods/],
    ['{% set x = 1 %}', /^prompt: the template: set is not taken/],
    ['{% macro m() %}{{ m() }}{% endmacro %}', /^prompt: the template: macro is not taken/],
    ['{% for a in people %}{% for b in people %}x{% endfor %}{% endfor %}', /a loop within a loop/],
    ['{{ question | pprint }}', /the filter pprint is not taken/],
    ['{{ question.__class__() }}', /calls are taken of the methods/],
    ['{{ question.replace("a", question) }}', /replace takes texts of at most 64 characters/],
    ['{{ question.replace("a", "aa").replace("a", "aa") }}', /replace of what join, replace or tojson gave/],
    ['{{ question | tojson | tojson }}', /tojson of what join, replace or tojson gave/],
    ['{{ question | indent(100000000) }}', /the filter indent is not taken/],
  ])('refuses %s', (prompt, message) => {
    const example = { ...definition.example, nothing: null, blank: ' ' };
    expect(() => definedTask('t', { ...definition, prompt, example })).toThrow(message);
  });

  it('ends loops and texts that grow beyond all measure', () => {
    const row = (items: string[]) => ({ a: items, answer: 'a', b: 'b' });
    const task = (prompt: string) => definedTask('t', { ...definition, prompt, example: row(['x']) });
    const loop = task('{% for x in a %}{{ x }}{% endfor %}');
    expect(() => loop.read(row(Array.from({ length: 257 }, () => 'x')), reading)).toThrow(
      /a loop goes through at most 256 items, the row has 257/,
    );
    expect(() => loop.read(row(Array.from({ length: 200 }, () => 'x'.repeat(400))), reading)).toThrow(
      /its loops go through 200 items of a row of \d+ characters; the two multiplied may be 2097152/,
    );
    const repeated = task('{% for x in a %}{{ a | join(" ") }}{% endfor %}');
    expect(() => repeated.read(row(Array.from({ length: 256 }, () => 'x'.repeat(9))), reading)).toThrow(
      /what the template writes is longer than 262144 characters/,
    );
    expect(() => task('{{ b }}').read({ b: 'x'.repeat(1 << 21), answer: 'a' }, reading)).toThrow(
      /what it reads of the row is longer than 262144 characters/,
    );
  });

  it('names an unknown metric', () => {
    expect(() => definedTask('t', { ...definition, metrics: ['blue'] })).toThrow(/^metrics: unknown metric/);
  });
});
