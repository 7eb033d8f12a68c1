import { demo } from '../demo/demo.js';
import type { AddCommands } from './command-context.js';

/** prad demo */
export const addDemo: AddCommands = (program, { settings, verbose }) => {
  program
    .command('demo')
    .description(
      'train two adapters, answer both tasks in mixed batches, and check the result; about two minutes',
    )
    .action(async () => {
      if (!(await demo(settings, verbose()))) process.exitCode = 1;
    });
};
