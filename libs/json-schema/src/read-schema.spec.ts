import { describe, expect, it } from 'vitest';
import { schemaGrammar } from './index.js';

const faultOf = (schema: unknown): string => {
  try {
    schemaGrammar(schema);
    return 'taken';
  } catch (error) {
    return error instanceof Error ? error.message.replace('JSON schema ', '') : String(error);
  }
};
const inside = (schema: unknown) => ({ type: 'object', properties: { 'a/b': schema } });
const deep = (depth: number): unknown => (depth === 0 ? {} : { type: 'array', items: deep(depth - 1) });

describe('schemaGrammar', () => {
  it.each([
    ...[
      'pattern',
      'format',
      'minLength',
      'maxLength',
      'minimum',
      'multipleOf',
      'uniqueItems',
      'minProperties',
    ],
    ...[
      'oneOf',
      'allOf',
      'not',
      'if',
      'patternProperties',
      'prefixItems',
      'contains',
      'dependentRequired',
      'made-up',
    ],
  ])('refuses the keyword %s by its name and place, alone and beside others', (keyword) => {
    const beside = [
      { type: 'string' },
      { type: 'object' },
      { type: 'array' },
      { type: 'number' },
      { const: 1 },
    ];
    for (const known of [{}, ...beside, { $ref: '#' }, { anyOf: [{ type: 'string' }] }]) {
      const fault = faultOf(inside({ ...known, [keyword]: 1 }));
      expect(fault).toMatch(`#/properties/a~1b/${keyword}: the keyword "${keyword}" is not supported`);
    }
  });

  it.each<[unknown, string]>([
    [{ type: 'date' }, '#/type: must be one or several of'],
    [{ type: [] }, '#/type: must be one'],
    [false, '#: must be an object or true, got false'],
    [{ items: {} }, '#/items: `type` must stand beside it'],
    [{ type: 'string', items: {} }, '#/items: the keyword "items" is not supported beside `type`'],
    [{ enum: [] }, '#/enum: must be a list of 1 to 1024 values, got 0 values'],
    [{ enum: ['a', 1], type: 'string' }, '#: the value 1 is not of the type string'],
    [inside({ const: 1.5, type: 'integer' }), '#/properties/a~1b: the value 1.5'],
    [{ anyOf: [] }, '#/anyOf: must be a list'],
    [{ anyOf: [true, { type: 'x' }] }, '#/anyOf/1/type: must'],
    [{ type: 'object', properties: {}, required: ['a'] }, '#/required: names "a", which'],
    [{ ...inside({}), additionalProperties: true }, '#/additionalProperties: must be false or absent'],
    [{ type: 'array', minItems: 3, maxItems: 2 }, '#/maxItems: must be at least `minItems`, 3, got 2'],
    [{ type: 'array', minItems: -1 }, '#/minItems: must be a whole number from 0'],
    [{ type: 'array', maxItems: 1e9 }, '#/maxItems: must be a whole number from 0'],
    [{ $ref: 'https://example.com/a' }, '#/$ref: must be "#" or "#/$defs/NAME"'],
    [{ $ref: '#/$defs/%' }, '#/$ref: must be percent-encoded UTF-8'],
    [{ $ref: '#/$defs/none' }, '#/$defs/none: is referred to, but is not there'],
    [inside({ $defs: {}, type: 'string' }), '#/properties/a~1b/$defs: the keyword'],
    [{ $defs: { a: { type: 'string', pattern: 'x' } } }, '#/$defs/a/pattern: the keyword'],
    [deep(40), 'must not be nested deeper than 32'],
    [{ description: 'x'.repeat(70_000) }, '#: must have at most 32768 bytes'],
  ])('refuses %j', (schema, message) => {
    expect(faultOf(schema)).toContain(message);
  });

  it.each<[unknown, string]>([
    [{ $ref: '#' }, 'has no value that ends'],
    [{ type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }, 'has no value that ends'],
    [{ anyOf: [{ $ref: '#' }, { type: 'string' }] }, 'is its own beginning'],
    [{ anyOf: [{ type: 'string' }, { const: 'a' }] }, '#/anyOf: its alternatives begin alike'],
    [
      {
        anyOf: [
          { type: 'array', items: { const: 'a' } },
          { type: 'array', items: { type: 'string' } },
        ],
      },
      'alike',
    ],
    [{ anyOf: [{ type: 'object' }, inside({ type: 'string' })] }, 'alike'],
  ])('refuses %j, which no engine could follow', (schema, message) => {
    expect(faultOf(schema)).toContain(message);
  });

  it('takes annotations anywhere, and definitions at the root', () => {
    const notes = { title: 't', description: 'd', default: 1, examples: [1], deprecated: true };
    const schema = {
      ...notes,
      $schema: 's',
      $id: 'i',
      $defs: { x: { ...notes, const: 1 } },
      $ref: '#/$defs/x',
    };
    expect(schemaGrammar(schema)).toBe(schemaGrammar({ const: 1 }));
  });

  it('writes what alternatives have in common once', () => {
    expect(schemaGrammar({ enum: ['ab', 'abc', 'b'] })).toBe(
      [
        'root ::= r0',
        String.raw`r0 ::= "\"" r1`,
        String.raw`r1 ::= "ab" r2 | "b\""`,
        String.raw`r2 ::= "\"" | "c\""`,
        '',
      ].join('\n'),
    );
  });

  it('bounds what a schema becomes', () => {
    const keys = Array.from({ length: 250 }, (_, place) => [`key ${place}`, { type: 'string' }] as const);
    const optional = { type: 'object', properties: Object.fromEntries(keys) };
    expect(faultOf(optional)).toContain('makes a grammar of more than 32768 characters');
    const required = keys.map(([key]) => key);
    expect(faultOf({ ...optional, required })).toBe('taken');
  });
});
