import type { Command } from 'commander';
import { AppError } from '@prad/errors';
import type { ApiClient, JobRequest } from '../api/api-client.js';
import { fileId } from './file-id.js';
import { numberOption } from './number-option.js';
import { askedTask, type TaskOptions } from './task-options.js';

/** What `addEvaluationOptions` reads. */
export interface EvaluationOptions extends TaskOptions {
  readonly evalFile?: string;
  readonly evalMetrics?: string[];
  readonly evalMaxTokens?: number;
  readonly evalLimit?: number;
  readonly promote?: string;
  readonly versionOf?: string;
  readonly promoteMetric?: string;
  readonly minImprovement?: number;
  readonly significance?: number;
}

/** Options of a training that is measured at its end. */
export function addEvaluationOptions(command: Command): void {
  command
    .option('--eval-file <path>', 'evaluate the result on this file, or the id of an uploaded one')
    .option('--eval-metrics <name...>', 'of the evaluation; default those of the task')
    .option('--eval-max-tokens <n>', 'most tokens of an answer in it', numberOption)
    .option('--eval-limit <n>', 'most samples of it', numberOption)
    .option(
      '--promote <alias>',
      'let the alias stand for the result if it is not worse than what it stands for',
    )
    .option('--version-of <adapter>', 'with --promote: the adapter that the result is the next version of')
    .option('--promote-metric <name>', 'the metric that decides; default the first')
    .option('--min-improvement <n>', 'by how much it must be better at least; default 0', numberOption)
    .option('--significance <p>', 'the difference must have a p-value below this, too', numberOption);
}

/** Throws invalid for options of an evaluation without a file for it. */
export async function askedEvaluation(
  client: ApiClient,
  options: EvaluationOptions,
): Promise<JobRequest['evaluation']> {
  const { evalFile, evalMetrics: metrics, promote: alias, versionOf: adapter } = options;
  const limits = { min_improvement: options.minImprovement, significance: options.significance };
  const gate = { adapter, metric: options.promoteMetric, ...limits };
  const isGiven = (fields: object) => Object.values(fields).some((value) => value !== undefined);
  if (alias === undefined && isGiven(gate)) throw missing('--promote', 'what it would be promoted to');
  const asked = { metrics, max_tokens: options.evalMaxTokens, limit: options.evalLimit };
  if (evalFile === undefined) {
    if (alias !== undefined || isGiven(asked)) throw missing('--eval-file', 'a file to evaluate on');
    return undefined;
  }
  const file = await fileId(client, evalFile, askedTask(options));
  return { file, ...asked, ...(alias !== undefined && { promote: { alias, ...gate } }) };
}

function missing(option: string, what: string): AppError {
  const message = `these options need ${option}, ${what}`;
  return new AppError({ kind: 'invalid', code: 'missing_option', message });
}
