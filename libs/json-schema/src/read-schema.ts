import { refused } from './refused.js';
import type { Property, Schema, SchemaDocument } from './schema.js';

/** Bytes of a schema as JSON. */
const MAX_BYTES = 32_768;
/** Schemas within schemas. */
const MAX_DEPTH = 32;
const MAX_PROPERTIES = 256;
/** Values of one enum. */
const MAX_VALUES = 1_024;
const MAX_ITEMS = 256;

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
type TypeName = (typeof TYPES)[number];

/** Keywords that say nothing of what is valid. */
const ANNOTATIONS = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', '$comment'],
]);
/** Keywords that may stand at the root alone, for elsewhere they would change what references mean. */
const ROOT_KEYWORDS = new Set(['$schema', '$id', '$defs', 'definitions']);
const DEFINITIONS = ['$defs', 'definitions'] as const;
const OWN_KEYWORDS: Readonly<Partial<Record<TypeName, readonly string[]>>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
};

type Keywords = Readonly<Record<string, unknown>>;

/** A schema's keywords, where they stand, and how deep. */
interface Place {
  readonly keywords: Keywords;
  readonly path: string;
  readonly depth: number;
}

/**
 * Reads a JSON Schema (draft 2020-12 and the drafts before it, as far as they agree). Whatever is not understood is refused.
 * @throws AppError invalid `invalid_json_schema` naming the keyword and where it stands.
 */
export function readSchema(schema: unknown): SchemaDocument {
  const bytes = Buffer.byteLength(JSON.stringify(schema ?? null));
  if (bytes > MAX_BYTES) throw refused('#', `must have at most ${MAX_BYTES} bytes, got ${bytes}`);
  const root = read(schema, '#', 0);
  const places = new Map([['#', root]]);
  for (const name of DEFINITIONS) {
    const definitions = isObject(schema) ? schema[name] : undefined;
    if (definitions === undefined) continue;
    if (!isObject(definitions)) throw refused(`#/${name}`, `must be an object, got ${shown(definitions)}`);
    for (const [key, value] of Object.entries(definitions)) {
      const path = `#/${name}/${escaped(key)}`;
      places.set(path, read(value, path, 1));
    }
  }
  checkReferences(root, places);
  for (const place of places.values()) checkReferences(place, places);
  return { root, places };
}

function read(schema: unknown, path: string, depth: number): Schema {
  if (depth > MAX_DEPTH) throw refused(path, `must not be nested deeper than ${MAX_DEPTH} schemas`);
  if (schema === true) return { kind: 'any' };
  if (!isObject(schema)) throw refused(path, `must be an object or true, got ${shown(schema)}`);
  const isPlain = (key: string) => ANNOTATIONS.has(key) || (depth === 0 && ROOT_KEYWORDS.has(key));
  const keywords = Object.fromEntries(Object.entries(schema).filter(([key]) => !isPlain(key)));
  const place = { keywords, path, depth };
  if ('$ref' in keywords) return reference(place);
  if ('anyOf' in keywords) return anyOf(place);
  if ('enum' in keywords || 'const' in keywords) return literals(place);
  if ('type' in keywords) return typed(place);
  const [misplaced] = Object.keys(keywords);
  if (misplaced === undefined) return { kind: 'any' };
  const known = Object.values(OWN_KEYWORDS).some((own) => own.includes(misplaced));
  throw refused(
    `${path}/${escaped(misplaced)}`,
    known ? '`type` must stand beside it' : notSupported(misplaced),
  );
}

function reference({ keywords, path }: Place): Schema {
  allow({ keywords, path }, ['$ref']);
  const { $ref: pointer } = keywords;
  if (typeof pointer === 'string' && /^#(?:\/(?:\$defs|definitions)\/[^/]+)?$/.test(pointer)) {
    try {
      return { kind: 'reference', pointer: decodeURIComponent(pointer) };
    } catch {
      throw refused(`${path}/$ref`, `must be percent-encoded UTF-8, got ${shown(pointer)}`);
    }
  }
  throw refused(`${path}/$ref`, `must be "#" or "#/$defs/NAME", got ${shown(pointer)}`);
}

function checkReferences(schema: Schema, places: ReadonlyMap<string, Schema>): void {
  if (schema.kind === 'reference' && !places.has(schema.pointer))
    throw refused(schema.pointer, 'is referred to, but is not there');
  for (const part of partsOf(schema)) checkReferences(part, places);
}

function partsOf(schema: Schema): readonly Schema[] {
  switch (schema.kind) {
    case 'object':
      return schema.properties.map((property) => property.schema);
    case 'map':
      return [schema.values];
    case 'array':
      return [schema.items];
    case 'anyOf':
      return schema.members;
    case 'any':
    case 'literals':
    case 'string':
    case 'number':
    case 'integer':
    case 'reference':
      return [];
  }
}

function anyOf({ keywords, path, depth }: Place): Schema {
  allow({ keywords, path }, ['anyOf']);
  const { anyOf: members } = keywords;
  if (!Array.isArray(members) || members.length === 0)
    throw refused(`${path}/anyOf`, `must be a list of at least one schema, got ${shown(members)}`);
  const read1 = (member: unknown, place: number) => read(member, `${path}/anyOf/${place}`, depth + 1);
  return { kind: 'anyOf', members: members.map(read1), path: `${path}/anyOf` };
}

function literals({ keywords, path }: Place): Schema {
  allow({ keywords, path }, ['type', 'const' in keywords ? 'const' : 'enum']);
  const types = 'type' in keywords ? typesOf(keywords['type'], path) : undefined;
  const listed: unknown = 'const' in keywords ? [keywords['const']] : keywords['enum'];
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > MAX_VALUES) {
    const got = Array.isArray(listed) ? `${listed.length} values` : shown(listed);
    throw refused(`${path}/enum`, `must be a list of 1 to ${MAX_VALUES} values, got ${got}`);
  }
  for (const value of listed as unknown[]) {
    if (types?.some((type) => isOf(value, type)) === false)
      throw refused(path, `the value ${shown(value)} is not of the type ${types.join(' or ')}`);
  }
  return { kind: 'literals', values: listed, path };
}

function typed({ keywords, path, depth }: Place): Schema {
  const types = typesOf(keywords['type'], path);
  allow({ keywords, path }, ['type', ...types.flatMap((type) => OWN_KEYWORDS[type] ?? [])]);
  // A whole number is a number, too.
  const apart = types.filter((type) => type !== 'integer' || !types.includes('number'));
  const members = apart.map((type) => ofType(type, { keywords, path, depth }));
  const [only] = members;
  return members.length === 1 && only ? only : { kind: 'anyOf', members, path };
}

function ofType(type: TypeName, place: Place): Schema {
  switch (type) {
    case 'object':
      return object(place);
    case 'array':
      return array(place);
    case 'boolean':
      return { kind: 'literals', values: [true, false], path: place.path };
    case 'null':
      return { kind: 'literals', values: [null], path: place.path };
    case 'string':
    case 'number':
    case 'integer':
      return { kind: type };
  }
}

function object({ keywords, path, depth }: Place): Schema {
  const { properties, required = [], additionalProperties: others } = keywords;
  if (properties !== undefined && !isObject(properties))
    throw refused(`${path}/properties`, `must be an object, got ${shown(properties)}`);
  const named = Object.entries(properties ?? {});
  if (named.length > MAX_PROPERTIES)
    throw refused(`${path}/properties`, `must be at most ${MAX_PROPERTIES}, got ${named.length}`);
  if (!Array.isArray(required)) throw refused(`${path}/required`, `must be a list, got ${shown(required)}`);
  for (const key of required as unknown[]) {
    if (!named.some(([name]) => name === key))
      throw refused(`${path}/required`, `names ${shown(key)}, which is not one of the properties`);
  }
  if (named.length === 0 && others !== false) {
    const values = read(others ?? true, `${path}/additionalProperties`, depth + 1);
    return { kind: 'map', values };
  }
  if (others !== undefined && others !== false)
    throw refused(`${path}/additionalProperties`, 'must be false or absent beside `properties`');
  const property = ([key, schema]: [string, unknown]): Property => ({
    key,
    schema: read(schema, `${path}/properties/${escaped(key)}`, depth + 1),
    required: required.includes(key),
  });
  return { kind: 'object', properties: named.map(property), path };
}

function array({ keywords, path, depth }: Place): Schema {
  const { items = true, minItems = 0, maxItems } = keywords;
  const count = (name: string, value: unknown): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ITEMS)
      return value;
    throw refused(`${path}/${name}`, `must be a whole number from 0 to ${MAX_ITEMS}, got ${shown(value)}`);
  };
  const least = count('minItems', minItems);
  const most = maxItems === undefined ? undefined : count('maxItems', maxItems);
  if (most !== undefined && most < least)
    throw refused(`${path}/maxItems`, `must be at least \`minItems\`, ${least}, got ${most}`);
  const schema = read(items, `${path}/items`, depth + 1);
  return { kind: 'array', items: schema, minItems: least, maxItems: most, path };
}

function typesOf(type: unknown, path: string): readonly TypeName[] {
  const listed: readonly unknown[] = Array.isArray(type) ? type : [type];
  const isType = (name: unknown): name is TypeName => TYPES.some((known) => known === name);
  const [wrong] = listed.filter((name) => !isType(name));
  if (listed.length === 0 || wrong !== undefined || listed.includes(undefined))
    throw refused(`${path}/type`, `must be one or several of ${TYPES.join(', ')}, got ${shown(type)}`);
  return [...new Set(listed.filter(isType))];
}

function isOf(value: unknown, type: TypeName): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}

function allow({ keywords, path }: Pick<Place, 'keywords' | 'path'>, allowed: readonly string[]): void {
  const other = Object.keys(keywords).find((keyword) => !allowed.includes(keyword));
  if (other === undefined) return;
  const beside = allowed.filter((keyword) => keyword in keywords).join('`, `');
  throw refused(`${path}/${escaped(other)}`, notSupported(other, beside));
}

function notSupported(keyword: string, beside = ''): string {
  return `the keyword "${keyword}" is not supported${beside && ` beside \`${beside}\``}`;
}

function isObject(value: unknown): value is Keywords {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key within a JSON pointer. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
