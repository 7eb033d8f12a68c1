import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeVariables, envSections, renderEnvExample } from './env-example.js';

describe('.env.example', () => {
  it('is up to date', async () => {
    const written = await readFile(new URL('../../../.env.example', import.meta.url), 'utf8');
    expect(written, 'run npm run env:example').toBe(renderEnvExample(envSections));
  });

  it('shows a default, else an example', () => {
    const fragment = {
      A: z.coerce.number().default(3).describe('First.'),
      B: z.string().optional().meta({ description: 'Second.', example: 'x' }),
    };
    expect(renderEnvExample([{ title: 'T', fragment }])).toContain(
      '## T\n\n# First.\n#A=3\n\n# Second.\n#B=x\n',
    );
  });

  it('refuses a variable without a description', () => {
    expect(() => describeVariables({ A: z.string() })).toThrow('description');
  });
});
