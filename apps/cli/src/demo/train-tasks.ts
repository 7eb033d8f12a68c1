import type { ApiClient } from '../api/api-client.js';
import { followJob } from '../training/follow-job.js';
import { TrainingBars } from '../training/training-bars.js';
import { demoTasks, taskFile, type DemoTask } from './demo-task.js';

/** A task whose adapter is trained. */
export interface TrainedTask {
  readonly task: DemoTask;
  /** The adapter's name. */
  readonly adapter: string;
  readonly lossBefore: number;
  readonly lossAfter: number;
}

/** Submits a fine-tuning job for every task and shows all of them until they have ended. */
export async function trainTasks(client: ApiClient, model: string): Promise<readonly TrainedTask[]> {
  const jobs = await Promise.all(
    demoTasks.map(async (task) => ({ task, id: await submit(client, model, task) })),
  );
  const bars = new TrainingBars();
  const following = jobs.map(({ task, id }) => train(client, task, id, bars));
  return Promise.all(following).finally(() => {
    bars.stop();
  });
}

async function submit(client: ApiClient, model: string, task: DemoTask): Promise<string> {
  const { name, epochs, batchSize, learningRate, rank } = task;
  const training = await client.uploadFile(taskFile(task, 'train'));
  const validation = await client.uploadFile(taskFile(task, 'validation'));
  const hyperparameters = { n_epochs: epochs, batch_size: batchSize, learning_rate: learningRate };
  const job = await client.createJob({
    ...{ model, training_file: training.id, validation_file: validation.id, suffix: name, seed: 1 },
    method: { type: 'prad', prad: { adapter: 'adapter', scope: 'prompt', rank, hyperparameters } },
  });
  return job.id;
}

async function train(
  client: ApiClient,
  task: DemoTask,
  id: string,
  bars: TrainingBars,
): Promise<TrainedTask> {
  const done = await followJob(client, id, bars.add(task.name.padEnd(8)));
  const adapter = done?.job.fine_tuned_model ?? '';
  const { firstValidLoss = Number.NaN, validLoss = Number.NaN } = done?.view ?? {};
  return { task, adapter, lossBefore: firstValidLoss, lossAfter: validLoss };
}
