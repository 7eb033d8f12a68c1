import { setTimeout as sleep } from 'node:timers/promises';
import type { EvaluationObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import pc from 'picocolors';
import type { ApiClient } from '../api/api-client.js';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';
import { addBeamOptions, askedBeams, type BeamOptions } from './beam-options.js';
import { atServer, type AddCommands } from './command-context.js';
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
}

const LOOK_MS = 500;

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
    .action((options: EvalOptions) => atServer(context, ({ client }) => evaluate(client, options)));
};

async function evaluate(client: ApiClient, options: EvalOptions): Promise<void> {
  const { model, metrics, maxTokens, temperature, stop, seed, limit, resamples, json } = options;
  const task = askedTask(options);
  const file = await fileId(client, options.file, task);
  const asked = {
    ...{ model, file, task, label_scoring: options.labelScoring, metrics },
    ...{ max_tokens: maxTokens, temperature, stop, seed, limit, resamples },
    ...askedBeams(options),
  };
  const { id } = await client.createEvaluation(asked);
  note(`evaluation ${id}`);
  const ended = await follow(client, id);
  if (ended === undefined) return;
  if (json) print(JSON.stringify(ended, undefined, 2));
  else showScores(ended);
}

/** Undefined when the user left, which cancels the evaluation. Throws the reason of one that failed. */
async function follow(client: ApiClient, id: string): Promise<EvaluationObject | undefined> {
  const leaving = new AbortController();
  const onSigint = (): void => {
    leaving.abort();
  };
  process.once('SIGINT', onSigint);
  let told = '';
  try {
    for (;;) {
      const evaluation = await client.evaluation(id);
      const { status, progress, error } = evaluation;
      const now = progress === null ? status : `${progress.done} of ${progress.total} answers`;
      if (now !== told) note((told = now));
      if (status === 'succeeded') return evaluation;
      if (status === 'failed' || status === 'cancelled') {
        const reason = error === null ? 'was cancelled' : `failed: ${error.message}`;
        const code = error?.code ?? 'evaluation_cancelled';
        throw new AppError({ kind: 'conflict', code, message: `evaluation ${id} ${reason}` });
      }
      if (leaving.signal.aborted) {
        await client.cancelEvaluation(id);
        return undefined;
      }
      await sleep(LOOK_MS);
    }
  } finally {
    process.off('SIGINT', onSigint);
  }
}

function showScores({ result }: EvaluationObject): void {
  if (result === null) return;
  note(`${result.samples} samples with ${result.references} references`);
  const rows = result.models.flatMap(({ model, scores, comparisons }) =>
    scores.map(({ metric, score, low, high }, index) => {
      const compared = comparisons?.[index];
      return [
        ...[model, metric, score.toFixed(4), `${low.toFixed(4)} to ${high.toFixed(4)}`],
        ...(compared
          ? [
              signed(compared.difference),
              compared.p_value.toFixed(4),
              `${compared.wins}/${compared.losses}/${compared.ties}`,
            ]
          : ['-', '-', '-']),
      ];
    }),
  );
  print(table(['MODEL', 'METRIC', 'SCORE', '95 % INTERVAL', 'DIFFERENCE', 'P', 'WON/LOST/TIED'], rows));
  if (result.skipped > 0) note(pc.yellow(`${result.skipped} rows were left out:`));
  for (const { message } of result.problems) note(pc.yellow(message));
  for (const { model, cut_off: cutOff, empty } of result.models) {
    if (cutOff > 0) note(pc.dim(`${model}: ${cutOff} answers were cut off at the limit of tokens`));
    if (empty > 0) note(pc.dim(`${model}: ${empty} answers are empty`));
  }
}

function signed(difference: number): string {
  return `${difference > 0 ? '+' : ''}${difference.toFixed(4)}`;
}
