import { anyValue, mapOf } from './json-rules.js';
import { readSchema } from './read-schema.js';
import { schemaRule } from './schema-rules.js';
import { writeGrammar } from './write-grammar.js';

/**
 * The JSON texts that are valid by a JSON Schema, as an EBNF grammar for XGrammar with the rule `root`. README says which part
 * of JSON Schema, and which spelling of a value.
 * @throws AppError invalid `invalid_json_schema` naming what is not supported and where it stands.
 */
export function schemaGrammar(schema: unknown): string {
  return writeGrammar(schemaRule(readSchema(schema)));
}

/** The texts of all JSON objects, as `schemaGrammar` writes them. */
export function objectGrammar(): string {
  return writeGrammar(mapOf(anyValue, '#'));
}
