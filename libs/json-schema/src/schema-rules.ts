import { anyValue, arrayOf, integer, mapOf, number, space, string } from './json-rules.js';
import type { ObjectSchema, Schema, SchemaDocument } from './schema.js';
import { Rule, sequence, type GrammarSymbol, type Sequence } from './symbols.js';

/** The texts that are valid by a schema, as a rule. */
export function schemaRule({ root, places }: SchemaDocument): Rule {
  const rules = new Map<Schema, Rule>();
  const ruleOf = (schema: Schema): Rule => {
    const known = rules.get(schema) ?? make(schema);
    rules.set(schema, known);
    return known;
  };
  const make = (schema: Schema): Rule => {
    switch (schema.kind) {
      case 'any':
        return anyValue;
      case 'string':
        return string;
      case 'number':
        return number;
      case 'integer':
        return integer;
      case 'literals':
        return new Rule(schema.path, () => schema.values.map((value) => sequence(...literal(value))));
      case 'map':
        return new Rule('#', () => [[mapOf(ruleOf(schema.values), '#')]]);
      case 'array':
        return new Rule(schema.path, () => [[arrayOf(ruleOf(schema.items), schema)]]);
      case 'object':
        return new Rule(schema.path, () => [[objectOf(schema, ruleOf)]]);
      case 'anyOf':
        return new Rule(schema.path, () => schema.members.map((member) => [ruleOf(member)]));
      case 'reference':
        return new Rule(schema.pointer, () => [[ruleOf(places.get(schema.pointer) ?? root)]]);
    }
  };
  return ruleOf(root);
}

/** An object of given keys in their order: behind each of them those that may come next, up to the next required one. */
function objectOf({ properties, path }: ObjectSchema, ruleOf: (schema: Schema) => Rule): Rule {
  const states = new Map<string, Rule>();
  const behind = (place: number, isFirst: boolean): Rule => {
    const name = `${place} ${isFirst}`;
    const known = states.get(name) ?? new Rule(path, () => next(place, isFirst));
    states.set(name, known);
    return known;
  };
  const next = (from: number, isFirst: boolean): readonly Sequence[] => {
    const required = properties.findIndex((property, place) => place >= from && property.required);
    const last = required < 0 ? properties.length - 1 : required;
    const keyed = properties.slice(from, last + 1).map(({ key, schema }, offset) => {
      const comma = isFirst ? [] : [',', space];
      return sequence(
        ...comma,
        JSON.stringify(key),
        ':',
        space,
        ruleOf(schema),
        behind(from + offset + 1, false),
      );
    });
    return required < 0 ? [...keyed, sequence('}')] : keyed;
  };
  return new Rule(path, () => [sequence('{', behind(0, true))]);
}

/** A value's one spelling. */
function literal(value: unknown): readonly (string | GrammarSymbol)[] {
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)];
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => literal(item))
    : Object.entries(value).map(([key, item]) => [JSON.stringify(key), ':', space, ...literal(item)]);
  const joined = parts.flatMap((part, place) => (place > 0 ? [',', space, ...part] : part));
  return [isList ? '[' : '{', ...joined, isList ? ']' : '}'];
}
