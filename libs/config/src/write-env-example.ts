import { writeFile } from 'node:fs/promises';
import { envSections, renderEnvExample } from './env-example.js';

await writeFile('.env.example', renderEnvExample(envSections));
