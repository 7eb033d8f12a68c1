import type { EvaluationObject } from '@prad/contracts';
import pc from 'picocolors';
import type { ApiClient } from '../api/api-client.js';
import { followEvaluation } from '../evaluation/follow-evaluation.js';
import { showScores } from '../evaluation/show-scores.js';
import { note, print } from '../output/print.js';
import { addBeamOptions, askedBeams, type BeamOptions } from './beam-options.js';
import { atServer, NO_SERVER, type AddCommands } from './command-context.js';
import { fileId } from './file-id.js';
import { numberOption } from './number-option.js';
import { addTaskOptions, askedTask, type TaskOptions } from './task-options.js';

interface EvalOptions extends TaskOptions, BeamOptions {
  readonly model: string[];
  readonly file: string;
  readonly metrics?: string[];
  readonly labelScoring?: 'generation' | 'likelihood';
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly stop?: string[];
  readonly seed?: number;
  readonly limit?: number;
  readonly resamples?: number;
  readonly json?: true;
  readonly follow: boolean;
}

/** prad eval */
export const addEval: AddCommands = (program, context) => {
  const command = program
    .command('eval')
    .description('score base models and adapters on a file, and compare each with the first')
    .requiredOption('--model <name...>', 'base models or adapters; the first is the baseline')
    .requiredOption(
      '--file <path>',
      'file of prompts and answers (JSON lines), or the id of an uploaded one',
    );
  addTaskOptions(command);
  addBeamOptions(command, 'that of the task, or 1')
    .option(
      '--metrics <name...>',
      'such as bleu, nist, rougeL, cider, ter or accuracy; default those of the task',
    )
    .option(
      '--label-scoring <how>',
      'of labels: generation, or likelihood, which takes the most probable one',
    )
    .option('--max-tokens <n>', 'most tokens of an answer; default that of the task, or 64', numberOption)
    .option('--temperature <n>', '0, the default, is greedy', numberOption)
    .option('--stop <text...>', 'an answer ends before the first of these')
    .option('--seed <n>', 'of sampled answers and of the bootstrap; default 0', numberOption)
    .option('--limit <n>', 'most samples, from the start of the file', numberOption)
    .option('--resamples <n>', 'of the bootstrap; default 1000', numberOption)
    .option('--json', 'print the whole evaluation as JSON')
    .option('--follow', 'show the evaluation until it ends; leaving it does not stop it', true)
    .option('--no-follow', 'return when the evaluation is queued')
    .action((options: EvalOptions) =>
      atServer(context, ({ client, isPrivate }) => evaluate(client, options, isPrivate)),
    );
};

async function evaluate(client: ApiClient, options: EvalOptions, isPrivate: boolean): Promise<void> {
  const { model, metrics, maxTokens, temperature, stop, seed, limit, resamples, json } = options;
  const task = askedTask(options);
  const file = await fileId(client, options.file, task);
  const asked = {
    ...{ model, file, task, label_scoring: options.labelScoring, metrics },
    ...{ max_tokens: maxTokens, temperature, stop, seed, limit, resamples },
    ...askedBeams(options),
  };
  const submitted = await client.createEvaluation(asked);
  if (options.follow) {
    await watch(client, submitted, isPrivate, json);
    return;
  }
  note(`evaluation ${submitted.id}`);
  if (isPrivate) note(NO_SERVER);
  else print(submitted.id);
}

/** Shows the evaluation until it has ended or the user leaves; the scores are printed in the first case. */
async function watch(
  client: ApiClient,
  submitted: EvaluationObject,
  isPrivate: boolean,
  json: true | undefined,
): Promise<void> {
  const { id } = submitted;
  const leaving = new AbortController();
  const onSigint = (): void => {
    leaving.abort();
  };
  process.once('SIGINT', onSigint);
  note(`evaluation ${id}`);
  const ended = await followEvaluation(client, submitted, leaving.signal).finally(() => {
    process.off('SIGINT', onSigint);
  });
  const again = `${pc.bold(`prad evaluations logs -f ${id}`)} follows it`;
  if (ended !== undefined) {
    if (json) print(JSON.stringify(ended, undefined, 2));
    else showScores(ended);
  } else if (isPrivate) {
    note(`the evaluation waits for a server: \`prad up\` continues it, ${again}`);
  } else {
    note(`the evaluation runs on: ${again}, prad evaluations cancel ${id} ends it`);
  }
}
