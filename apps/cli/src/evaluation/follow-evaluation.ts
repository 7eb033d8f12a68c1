import type { EvaluationObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';
import { evaluationUpdates } from '../api/event-updates.js';
import { EvaluationBars } from './evaluation-bars.js';

/**
 * Shows how far an evaluation's models are until it has ended; undefined when the signal was aborted before.
 * Throws the reason of one that failed or was cancelled.
 */
export async function followEvaluation(
  client: ApiClient,
  { id, models }: Pick<EvaluationObject, 'id' | 'models'>,
  signal: AbortSignal,
): Promise<EvaluationObject | undefined> {
  const bars = new EvaluationBars(models.map(({ model }) => model));
  try {
    for await (const event of evaluationUpdates(client, id, signal)) bars.show(event);
  } finally {
    bars.stop();
  }
  if (signal.aborted) return undefined;
  const evaluation = await client.evaluation(id);
  const { status, error } = evaluation;
  if (status === 'succeeded') return evaluation;
  throw new AppError({
    kind: 'conflict',
    code: error?.code ?? 'evaluation_cancelled',
    message: `evaluation ${id} ${error === null ? 'was cancelled' : `failed: ${error.message}`}`,
  });
}
