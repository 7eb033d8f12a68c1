import fc from 'fast-check';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Characters that begin alike, that are escaped, and of one to four bytes. */
const word = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'kind', '1', ' ', '"', '\\', '\n', 'é', 'è', '€', '😀'), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''));
const scalar = fc.oneof(
  ...[word, fc.integer({ min: -30, max: 30 }), fc.double({ min: -10, max: 10, noNaN: true })],
  fc.constantFrom(true, false, null, 1e21, 1.5e-7),
);
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(word, { maxLength: 2 }),
  fc.dictionary(word, scalar, { maxKeys: 2, noNullPrototype: true }),
);
const types = fc.constantFrom(
  ...['string', 'integer', 'number', 'boolean', 'null'],
  ...[
    ['string', 'null'],
    ['integer', 'boolean'],
    ['number', 'string', 'integer'],
  ],
);

const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: fc.record({ type: types }) },
    fc.array(word, { minLength: 1, maxLength: 12 }).map((values) => ({ enum: values })),
    fc.array(value, { minLength: 1, maxLength: 5 }).map((values) => ({ enum: values })),
    value.map((one) => ({ const: one })),
    {
      weight: 3,
      arbitrary: fc.array(fc.tuple(word, tie('schema'), fc.boolean()), { maxLength: 5 }).map(objectOf),
    },
    fc.record({
      type: fc.constant('object'),
      additionalProperties: fc.oneof(fc.constant(true), tie('schema')),
    }),
    fc
      .record(
        { items: tie('schema'), minItems: fc.nat({ max: 2 }), more: fc.nat({ max: 2 }) },
        { requiredKeys: ['items'] },
      )
      .map(({ more, ...array }) => ({
        ...{ type: 'array', ...array },
        ...(more !== undefined && { maxItems: (array.minItems ?? 0) + more }),
      })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 4 }).map((anyOf) => ({ anyOf })),
    fc.constantFrom('#', '#/$defs/x', '#/$defs/y').map(($ref) => ({ $ref })),
  ),
}));

function objectOf(properties: readonly (readonly [string, JsonSchema, boolean])[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(properties.map(([key, its]) => [key, its])),
    required: [...new Set(properties.flatMap(([key, , required]) => (required ? [key] : [])))],
    additionalProperties: false,
  };
}

/** Schemas of the part that answers can be held to, some of which nothing can follow. */
export const jsonSchemas: fc.Arbitrary<JsonSchema> = fc
  .record({ root: schema, x: schema, y: schema })
  // As JSON says it: without the sign of zero.
  .map(({ root, x, y }) => JSON.parse(JSON.stringify({ ...root, $defs: { x, y } })) as JsonSchema);

/** A value that a schema describes; undefined where recursion does not end soon. */
export function exampleOf(root: JsonSchema, draw: (below: number) => number): unknown {
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)] as T;
  const of = (schema: JsonSchema | true | undefined, depth: number): unknown => {
    if (depth > 8) throw new RangeError('too deep');
    if (schema === true || schema === undefined) return pick([1, 'x', null, { a: [1] }, [], true]);
    if (typeof schema['$ref'] === 'string') return of(placeOf(root, schema['$ref']), depth + 1);
    if (Array.isArray(schema['anyOf'])) return of(pick(schema['anyOf'] as JsonSchema[]), depth + 1);
    if (Array.isArray(schema['enum'])) return pick(schema['enum'] as unknown[]);
    if ('const' in schema) return schema['const'];
    return typed(schema, depth + 1);
  };
  const typed = (schema: JsonSchema, depth: number): unknown => {
    const few = (least = 0, most = least + 2): number => least + draw(most - least + 1);
    switch (pick([schema['type']].flat())) {
      case 'string':
        return pick(['', 'a "b"\\', 'é😀\n', '\u2028 ab']);
      case 'integer':
        return draw(2_000_001) - 1_000_000;
      case 'number':
        return pick([draw(1000) / 7, -draw(1000) / 7e7, 0, -1e21]);
      case 'boolean':
        return draw(2) === 0;
      case 'array': {
        const { minItems, maxItems } = schema as { minItems?: number; maxItems?: number };
        return Array.from({ length: few(minItems, maxItems) }, () =>
          of(schema['items'] as JsonSchema, depth),
        );
      }
      case 'object': {
        const { properties, required = [] } = schema as {
          properties?: Record<string, JsonSchema>;
          required?: string[];
        };
        const keys =
          properties ??
          Object.fromEntries(['', 'a'].slice(few()).map((key) => [key, schema['additionalProperties']]));
        const kept = Object.entries(keys).filter(([key]) => required.includes(key) || draw(2) === 0);
        return Object.fromEntries(kept.map(([key, its]) => [key, of(its as JsonSchema, depth)]));
      }
      default:
        return null;
    }
  };
  try {
    return of(root, 0);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function placeOf(root: JsonSchema, pointer: string): JsonSchema {
  return pointer === '#'
    ? root
    : ((root['$defs'] as Record<string, JsonSchema>)[pointer.slice('#/$defs/'.length)] ?? {});
}

/** JSON with a space or none behind each comma and colon. */
export function spelled(value: unknown, draw: (below: number) => number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const space = (): string => ' '.repeat(draw(2));
  const parts = isList
    ? value.map((item) => spelled(item, draw))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${space()}${spelled(item, draw)}`);
  const joined = parts.map((part, place) => (place === 0 ? part : `,${space()}${part}`)).join('');
  return isList ? `[${joined}]` : `{${joined}}`;
}
