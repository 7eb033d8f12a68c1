import { trainingMethodNames } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { Command } from 'commander';
import pc from 'picocolors';
import type { ApiClient, JobRequest } from '../api/api-client.js';
import { note, print } from '../output/print.js';
import { sparkline } from '../output/sparkline.js';
import { estimateText } from '../training/estimate-text.js';
import { followJob } from '../training/follow-job.js';
import { TrainingBars } from '../training/training-bars.js';
import { atServer, NO_SERVER, type AddCommands } from './command-context.js';
import { addEvaluationOptions, askedEvaluation, type EvaluationOptions } from './evaluation-options.js';
import { fileId } from './file-id.js';
import { keyValueOption } from './key-value-option.js';
import { addTaskOptions, askedTask } from './task-options.js';
import { sweepOption, type SweepOption } from './sweep-option.js';
import { numberOption } from './number-option.js';

/** As commander reads it; names and ranges are checked by the server. */
interface TrainOptions extends EvaluationOptions {
  readonly model: string;
  readonly file: string;
  readonly validationFile?: string;
  readonly adapter?: string;
  readonly scope?: string;
  readonly rank?: number;
  readonly alpha?: number;
  readonly scale?: number;
  readonly length?: number;
  readonly dropout?: number;
  readonly targets?: readonly string[];
  readonly layers?: readonly string[];
  readonly specialTokens?: readonly string[];
  readonly option?: Readonly<Record<string, unknown>>;
  readonly epochs?: number;
  readonly steps?: number;
  readonly lr?: number;
  readonly batchSize?: number;
  readonly maxLength?: number;
  readonly evaluationSteps?: number;
  readonly pack?: true;
  readonly hyperparameter?: Readonly<Record<string, unknown>>;
  readonly suffix?: string;
  readonly seed?: number;
  readonly priority?: number;
  readonly sweep?: SweepOption;
  readonly estimate?: true;
  readonly follow: boolean;
}

/** prad train */
export const addTrain: AddCommands = (program, context) => {
  const command = program
    .command('train')
    .description('train an adapter, or all weights, and watch it')
    .requiredOption('--model <name>', 'base model')
    .requiredOption('--file <path>', 'training file (JSON lines), or the id of an uploaded one')
    .option('--validation-file <path>', 'validation file, or the id of an uploaded one');
  addTaskOptions(command);
  command.option(
    '--adapter <method>',
    `adapter method: ${trainingMethodNames.join(', ')}; full trains all weights; default adapter`,
  );
  addMethodOptions(command);
  addHyperparameters(command);
  addEvaluationOptions(command);
  command
    .option('--suffix <text>', 'part of the name of what is trained')
    .option('--seed <n>', 'repeats a training', numberOption)
    .option('--priority <n>', 'lower numbers are trained first, from -100 to 100', numberOption)
    .option(
      '--sweep <name=values>',
      'train with each of learning_rate, rank or seed; may be repeated, every combination is a job',
      sweepOption,
    )
    .option('--estimate', 'print what the job would take, and submit nothing')
    .option('--follow', 'show the training until it ends; leaving it does not stop the job', true)
    .option('--no-follow', 'return when the job is queued')
    .action(async (options: TrainOptions) => {
      await atServer(context, async ({ client, isPrivate }) => {
        await train(client, options, isPrivate);
      });
    });
};

function addMethodOptions(command: Command): void {
  command
    .option('--scope <scope>', 'positions it acts on: prompt (PrAd) or all; default prompt')
    .option('--rank <n>', 'width of the bottleneck or of the low-rank factors', numberOption)
    .option('--alpha <n>', 'factor on the change of lora and dora', numberOption)
    .option('--scale <n>', 'factor on the change of adapter and mam', numberOption)
    .option('--length <n>', 'positions that prefix and prompt put in front', numberOption)
    .option('--dropout <share>', 'share of numbers that are dropped in training', numberOption)
    .option('--targets <site...>', 'projections that lora, dora and ia3 attach to')
    .option('--layers <n...>', 'layers that it attaches to, counted from 0; default all')
    .option('--special-tokens <text...>', 'texts that become tokens of their own in prompts')
    .option(
      '--option <key=value>',
      'any other option of the method, its value as JSON; may be repeated',
      keyValueOption,
    );
}

function addHyperparameters(command: Command): void {
  command
    .option('--epochs <n>', 'passes over the training file', numberOption)
    .option('--steps <n>', 'optimiser steps, instead of epochs', numberOption)
    .option('--lr <n>', 'peak learning rate', numberOption)
    .option('--batch-size <n>', 'examples a step', numberOption)
    .option('--max-length <n>', 'longest example in tokens', numberOption)
    .option('--evaluation-steps <n>', 'steps between validations; default once an epoch', numberOption)
    .option('--pack', 'train in one pass with other waiting jobs that allow it: small jobs end sooner')
    .option(
      '--hyperparameter <key=value>',
      'any other setting of the API, as max_tokens_per_batch=4096 or early_stopping_patience=3; may be repeated',
      keyValueOption,
    );
}

async function train(client: ApiClient, options: TrainOptions, isPrivate: boolean): Promise<void> {
  const request = await jobRequest(client, options);
  if (options.estimate) {
    print(estimateText(await client.estimate(request)));
    return;
  }
  if (options.sweep !== undefined) {
    const { evaluation, ...run } = request;
    if (evaluation) {
      const message = 'a sweep takes no --eval-file: its runs are compared by their validation loss';
      throw new AppError({ kind: 'invalid', code: 'sweep_without_evaluation', message });
    }
    const { id, leaderboard } = await client.createSweep({ ...run, sweep: options.sweep });
    note(`${leaderboard.length} jobs; ${pc.bold(`prad sweeps get ${id}`)} shows how they do`);
    if (isPrivate) note(NO_SERVER);
    print(id);
    return;
  }
  const { id, prad } = await client.createJob(request);
  note(`job ${id}`);
  for (const warning of prad.warnings) note(`${pc.yellow('warning:')} ${warning}`);
  if (options.follow) await watch(client, id, isPrivate);
  else if (isPrivate) note(NO_SERVER);
  else print(id);
}

async function jobRequest(client: ApiClient, options: TrainOptions): Promise<JobRequest> {
  const { model, adapter, scope, suffix, seed, priority } = options;
  const task = askedTask(options);
  return {
    ...{ model, suffix, seed, priority, task },
    evaluation: await askedEvaluation(client, options),
    training_file: await fileId(client, options.file, task),
    validation_file:
      options.validationFile === undefined ? null : await fileId(client, options.validationFile, task),
    method: {
      type: 'prad',
      prad: {
        ...{ adapter, scope, ...methodOptions(options) },
        hyperparameters: {
          n_epochs: options.epochs,
          max_steps: options.steps,
          batch_size: options.batchSize,
          learning_rate: options.lr,
          max_length: options.maxLength,
          evaluation_steps: options.evaluationSteps,
          pack: options.pack,
          ...options.hyperparameter,
        },
      },
    },
  };
}

/** What the method is asked for; which of it the method has, the server knows. */
function methodOptions(options: TrainOptions): Record<string, unknown> {
  const { rank, alpha, scale, length, dropout, targets, layers, specialTokens, option } = options;
  return {
    ...{ rank, alpha, scale, length, dropout, targets },
    ...{ layers: layers?.map(numberOption), special_tokens: specialTokens },
    ...option,
  };
}

async function watch(client: ApiClient, id: string, isPrivate: boolean): Promise<void> {
  const leaving = new AbortController();
  const onSigint = (): void => {
    leaving.abort();
  };
  process.once('SIGINT', onSigint);
  const bars = new TrainingBars();
  const show = bars.add('training');
  const done = await followJob(client, id, show, leaving.signal).finally(() => {
    bars.stop();
    process.off('SIGINT', onSigint);
  });
  if (done !== undefined) {
    const { firstValidLoss, validLoss, trainLoss, losses } = done.view;
    const { points } = losses;
    if (points.length > 1)
      note(`training loss ${sparkline(points, 40)}  ${points[0]?.toFixed(4)} to ${trainLoss?.toFixed(4)}`);
    if (firstValidLoss !== undefined && validLoss !== undefined) {
      note(`validation loss ${firstValidLoss.toFixed(4)} before, ${validLoss.toFixed(4)} after`);
    }
    const { promotion } = done.job.prad;
    if (promotion) {
      const { adapter, version, promoted, alias, reason } = promotion;
      const verdict = promoted ? pc.green('was promoted') : pc.yellow('was not promoted');
      note(`${adapter}@${version} ${verdict} to ${alias}: ${reason}`);
    }
    print(done.job.fine_tuned_model ?? '');
  } else if (isPrivate) {
    note(
      `the job waits for a server: \`prad up\` continues it, ${pc.bold(`prad jobs logs -f ${id}`)} follows it`,
    );
  } else {
    note(`the job runs on: ${pc.bold(`prad jobs logs -f ${id}`)} follows it, prad jobs cancel ${id} ends it`);
  }
}
