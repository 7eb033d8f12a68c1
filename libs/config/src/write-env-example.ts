import { readFile, writeFile } from 'node:fs/promises';
import { envSections, renderEnvExample } from './env-example.js';
import { insertEnvTable } from './env-table.js';

const OPERATIONS = 'docs/operations.md';

await writeFile('.env.example', renderEnvExample(envSections));
await writeFile(OPERATIONS, insertEnvTable(await readFile(OPERATIONS, 'utf8'), envSections));
