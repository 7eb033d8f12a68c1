import { Command } from 'commander';
import { addAdapters } from './commands/adapters.js';
import { addDemo } from './commands/demo.js';
import { addEmbed } from './commands/embed.js';
import { addEval } from './commands/eval.js';
import { addEvaluations } from './commands/evaluations.js';
import { addFiles } from './commands/files.js';
import { addGenerate } from './commands/generate.js';
import { addJobs } from './commands/jobs.js';
import { addKeys } from './commands/keys.js';
import { addMigrate } from './commands/migrate.js';
import { addModels } from './commands/models.js';
import { addReproduce } from './commands/reproduce.js';
import { addScore } from './commands/score.js';
import { addSweeps } from './commands/sweeps.js';
import { addTasks } from './commands/tasks.js';
import { addTrain } from './commands/train.js';
import { addUp } from './commands/up.js';
import { addWorker } from './commands/worker.js';
import type { CliSettings } from './env.js';

/** The command line; a new command is a file in commands/ and its line here. */
const commands = [
  addUp,
  addWorker,
  addMigrate,
  addModels,
  addAdapters,
  addFiles,
  addTasks,
  addTrain,
  addGenerate,
  addEmbed,
  addScore,
  addEval,
  addReproduce,
  addJobs,
  addEvaluations,
  addSweeps,
  addKeys,
  addDemo,
];

export function createProgram(settings: CliSettings): Command {
  const program = new Command('prad')
    .description('Train prompt-only adapters on one frozen language model and serve them all in one batch.')
    .option('--verbose', 'show stacks of errors and the lines of a private server')
    .showHelpAfterError('(--help shows what there is)');
  const verbose = (): boolean => program.opts<{ verbose?: true }>().verbose === true;
  for (const add of commands) add(program, { settings, verbose });
  return program;
}
