import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Option, type Command } from 'commander';
import type { ResponseFormat } from '@prad/contracts';
import { AppError } from '@prad/errors';

/** What `addJsonOptions` reads. */
export interface JsonOptions {
  readonly json?: true;
  readonly jsonSchema?: string;
}

/** Options of a command whose answers may be held to JSON. */
export function addJsonOptions(command: Command): void {
  command
    .option('--json', 'the answer is a JSON object')
    .addOption(
      new Option(
        '--json-schema <file>',
        'the answer is JSON that is valid by the schema in this file',
      ).conflicts('json'),
    );
}

/** The field of a request. @throws AppError invalid `invalid_schema_file` where the file holds no JSON object. */
export async function askedFormat({ json, jsonSchema: path }: JsonOptions): Promise<ResponseFormat> {
  if (path === undefined) return json ? { type: 'json_object' } : undefined;
  const schema = await readSchema(path);
  const name = basename(path, extname(path))
    .replaceAll(/[^\w-]/g, '_')
    .slice(0, 64);
  return { type: 'json_schema', json_schema: { name: name || 'schema', schema } };
}

async function readSchema(path: string): Promise<Record<string, unknown>> {
  const refused = (message: string, cause?: unknown): AppError =>
    new AppError({ kind: 'invalid', code: 'invalid_schema_file', message: `${path}: ${message}`, cause });
  const value: unknown = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as unknown)
    .catch((cause: unknown) => {
      throw refused(`a file with a JSON schema is expected: ${String(cause)}`, cause);
    });
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw refused(`a JSON object is expected, got ${JSON.stringify(value).slice(0, 60)}`);
}
