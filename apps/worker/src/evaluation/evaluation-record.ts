import type { Repositories } from '@prad/database';
import type { Evaluation } from '@prad/domain';
import type { EvaluationStanding } from '@prad/queue';
import type { ModelProgress } from './ask-models.js';
import type { MeasuredModel } from './score-models.js';

/** Events that tell how far one model is, at most, but for a few. */
const MOST_TOLD = 500;

/** Writes how far an evaluation is, all of it under the lease: the sum into its row, every model's part as events. */
export class EvaluationRecord {
  /** What was told last of each model. */
  readonly #told: EvaluationStanding[] = [];
  #done = -1;

  constructor(
    private readonly rows: Pick<Repositories, 'evaluations' | 'evaluationEvents'>,
    private readonly evaluation: Evaluation,
    private readonly owner: string,
    private readonly size: { readonly samples: number; readonly shards: number },
  ) {}

  /** @param measured the models that have finished, in their places. */
  async write(models: readonly ModelProgress[], measured: readonly MeasuredModel[]): Promise<void> {
    const done = models.reduce((sum, model) => sum + model.done, 0);
    const total = this.size.samples * models.length;
    if (this.#done === -1) await this.#tellStart(done, total);
    if (done !== this.#done)
      await this.rows.evaluations.report(this.evaluation.id, this.owner, { done, total });
    this.#done = done;
    for (const [place, model] of models.entries())
      await this.#tell(this.#standing(place, model, measured[place]));
  }

  async #tellStart(done: number, total: number): Promise<void> {
    const { id, models, attempts: attempt, progress } = this.evaluation;
    const { samples } = this.size;
    const message =
      progress === null
        ? `Evaluation started: ${models.length} ${models.length === 1 ? 'model' : 'models'} on ${samples} samples`
        : `Evaluation goes on: ${done} of ${total} answers are there`;
    const event = { level: 'info', message, data: { attempt, samples } } as const;
    await this.rows.evaluationEvents.append(id, event, this.owner);
  }

  #standing(place: number, progress: ModelProgress, measured: MeasuredModel | undefined): EvaluationStanding {
    const { model, asked, done, shardsDone } = progress;
    return {
      ...{ place, model: model.name },
      status: measured ? 'finished' : asked > 0 ? 'running' : 'waiting',
      ...{ done, total: this.size.samples, shardsDone, shards: this.size.shards },
      rowsPerSecond: rateOf(progress),
      scores: measured ? scoresOf(measured) : null,
    };
  }

  /** Unless too little is new. */
  async #tell(standing: EvaluationStanding): Promise<void> {
    const { place, model, status, done, total, shardsDone, shards, scores } = standing;
    const told = this.#told[place];
    if (told?.status === status && shardsDone - told.shardsDone < Math.max(1, shards / MOST_TOLD)) return;
    this.#told[place] = standing;
    const values = Object.entries(scores ?? {}).map(([metric, score]) => `${metric} ${score.toFixed(4)}`);
    const message = `${model}: ${scores ? values.join(', ') : `${done} of ${total} answers`}`;
    const event = { level: 'info', type: 'metrics', message, data: { ...standing } } as const;
    await this.rows.evaluationEvents.append(this.evaluation.id, event, this.owner);
  }
}

/** Samples a second of this attempt; null where it has no answers. */
function rateOf({ done, found, since }: ModelProgress): number | null {
  if (since === null || done === found) return null;
  return (1000 * (done - found)) / Math.max(performance.now() - since, 1);
}

function scoresOf({ measurements }: MeasuredModel): Record<string, number> {
  return Object.fromEntries(measurements.map(({ metric, score }) => [metric, score]));
}
