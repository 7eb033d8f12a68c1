import type { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { demoTasks, taskFile, testRows, type DemoTask } from '../../apps/cli/src/demo/demo-task.js';
import { BUNDLED_MODEL, ensureBundledModel } from '../../apps/cli/src/stack/bundled-model.js';
import { followJob } from '../../apps/cli/src/training/follow-job.js';
import { TrainingBars } from '../../apps/cli/src/training/training-bars.js';

/** What the pictures need to name. */
export interface Populated {
  /** A finished training and another to lay over it. */
  readonly job: string;
  readonly otherJob: string;
  readonly trainingFile: string;
}

interface Variant {
  readonly suffix: string;
  readonly adapter?: 'adapter' | 'lora';
  readonly rank?: number;
  readonly epochs?: number;
}

/** Fills a fresh server with real work: two tasks, several trainings of them, and some requests. */
export async function populate(client: ApiClient): Promise<Populated> {
  await ensureBundledModel(client);
  const files = new Map<string, { training: string; validation: string }>();
  for (const task of demoTasks) {
    const validation = await client.uploadFile(taskFile(task, 'validation'));
    const training = await client.uploadFile(taskFile(task, 'train'));
    files.set(task.name, { training: training.id, validation: validation.id });
  }
  const submit = async (task: DemoTask, { suffix, adapter = 'adapter', rank, epochs = 1 }: Variant) => {
    const { training = '', validation = '' } = files.get(task.name) ?? {};
    const hyperparameters = {
      n_epochs: epochs,
      evaluation_steps: 8,
      batch_size: task.batchSize,
      learning_rate: task.learningRate,
    };
    const prad = { adapter, rank: rank ?? task.rank, hyperparameters };
    const job = await client.createJob({
      ...{ model: BUNDLED_MODEL, training_file: training, validation_file: validation, suffix, seed: 1 },
      method: { type: 'prad', prad },
    });
    return job.id;
  };
  const [places, reviews] = demoTasks as [DemoTask, DemoTask];
  const job = await submit(places, { suffix: 'places' });
  const otherJob = await submit(places, { suffix: 'places-rank-4', rank: 4 });
  const ids = [job, otherJob, await submit(reviews, { suffix: 'reviews' })];
  const unwanted = await submit(reviews, { suffix: 'reviews-lora', adapter: 'lora' });
  await client.cancelJob(unwanted);
  const bars = new TrainingBars();
  for (const id of ids) await followJob(client, id, bars.add(id));
  bars.stop();
  await askSome(client, places);
  await submit(places, { suffix: 'places-long', epochs: 200 });
  await submit(reviews, { suffix: 'reviews-next' });
  return { job, otherJob, trainingFile: files.get('places')?.training ?? '' };
}

async function askSome(client: ApiClient, task: DemoTask): Promise<void> {
  const models = await client.models();
  const rows = (await testRows(task)).slice(0, 4);
  const asked = models.flatMap(({ id }) => rows.map(({ prompt }) => ({ model: id, prompt })));
  await Promise.all(asked.map((request) => client.complete({ ...request, max_tokens: 32, temperature: 0 })));
}
