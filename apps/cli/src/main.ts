#!/usr/bin/env node
import { readSettings } from './env.js';
import { note } from './output/print.js';
import { explain } from './output/explain.js';
import { createProgram } from './program.js';

const program = createProgram(readSettings());
try {
  await program.parseAsync();
  // Connections that are kept alive are no reason to stay.
  process.exit(process.exitCode ?? 0);
} catch (error) {
  note(explain(error, program.opts<{ verbose?: true }>().verbose === true));
  process.exit(1);
}
