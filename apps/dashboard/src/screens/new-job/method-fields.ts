import { adapterOptions, type TrainingMethod } from '@prad/contracts';
import { z } from 'zod';

/** What a field of the form holds; '' and an empty list leave it to the API's default. */
export type OptionValue = number | string | boolean | readonly string[];

/** How an option is asked for. */
export interface MethodField {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly kind: 'number' | 'choice' | 'choices' | 'switch' | 'texts';
  readonly choices: readonly string[];
  readonly standard: OptionValue;
}

const made = new Map<TrainingMethod, readonly MethodField[]>();

/** The fields of a method, made of its schema: a new option is asked for without a change here. */
export function methodFields(method: TrainingMethod): readonly MethodField[] {
  // All weights train: there is nothing to choose.
  if (method === 'full') return [];
  const known = made.get(method);
  if (known) return known;
  const { properties = {} } = z.toJSONSchema(adapterOptions[method], { io: 'input' });
  const fields = Object.entries(properties).map(([name, schema]) => fieldOf(name, schema as PropertySchema));
  made.set(method, fields);
  return fields;
}

/** The part of a JSON schema that tells how to ask. */
interface PropertySchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly PropertySchema[];
  readonly items?: PropertySchema;
  readonly default?: OptionValue;
  readonly description?: string;
}

function fieldOf(name: string, schema: PropertySchema): MethodField {
  // Where a number may also be a word, the form asks for the number.
  const { type, enum: choices = [] } = schema.anyOf?.find((other) => other.type === 'number') ?? schema;
  const facts = { name, label: labelOf(name), description: schema.description ?? '' };
  if (type === 'boolean') return { ...facts, kind: 'switch', choices, standard: schema.default ?? false };
  if (type === 'array') {
    const items = schema.items?.enum ?? [];
    const kind = items.length > 0 ? 'choices' : 'texts';
    return { ...facts, kind, choices: items, standard: schema.default ?? [] };
  }
  if (choices.length > 0) return { ...facts, kind: 'choice', choices, standard: schema.default ?? '' };
  return { ...facts, kind: 'number', choices, standard: schema.default ?? '' };
}

function labelOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The defaults of a method, in sight. */
export function firstOptions(method: TrainingMethod): Record<string, OptionValue> {
  return Object.fromEntries(methodFields(method).map(({ name, standard }) => [name, standard]));
}

/** What the request says of the options. */
export function givenOptions(options: Readonly<Record<string, OptionValue>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => {
      if (value === '' || (Array.isArray(value) && value.length === 0)) return [];
      // Layers are typed as texts.
      return [[name, name === 'layers' && Array.isArray(value) ? value.map(Number) : value]];
    }),
  );
}
