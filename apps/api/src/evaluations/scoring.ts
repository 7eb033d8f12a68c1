import type { CreateEvaluation } from '@prad/contracts';
import { AppError } from '@prad/errors';
import { textMetricNamed } from '@prad/metrics';
import { labelsOf, taskOf, type Decoding, type TaskReference } from '@prad/tasks';
import { atField } from '../http/error-response.js';

type Asked = Pick<
  CreateEvaluation,
  'metrics' | 'max_tokens' | 'temperature' | 'num_beams' | 'stop' | 'label_scoring' | 'task'
>;

/** How answers are generated and scored where neither request nor task say it. */
const WITHOUT_TASK: Decoding = { numBeams: 1, maxTokens: 64, temperature: 0, stop: [] };

/**
 * Metrics and decoding of a request, what it left out taken from its task.
 * @throws AppError invalid naming the field at fault.
 */
export function scoringOf(
  reference: TaskReference | null,
  asked: Asked,
): Decoding & { readonly metrics: readonly string[] } {
  const task = reference && taskOf(reference);
  if (asked.label_scoring === 'likelihood' && !(reference && labelsOf(reference))) {
    const message = '`label_scoring` likelihood needs a task whose labels are known, such as sst2';
    throw refused('no_labels', message, 'label_scoring');
  }
  if (asked.label_scoring === 'likelihood' && (asked.num_beams ?? 1) > 1) {
    throw refused(
      'nothing_to_search',
      '`num_beams` is for answers that are generated, not for `label_scoring` likelihood',
      'num_beams',
    );
  }
  const metrics = asked.metrics ?? task?.metrics;
  if (!metrics) throw refused('no_metrics', 'name `metrics`, or a `task` that has some', 'metrics');
  try {
    for (const name of metrics) textMetricNamed(name);
  } catch (error) {
    throw atField(error, 'metrics');
  }
  const given = task?.decoding(reference?.template ?? 'plain') ?? WITHOUT_TASK;
  const generates = asked.label_scoring === 'generation';
  const temperature = asked.temperature ?? given.temperature;
  return {
    metrics,
    maxTokens: given.maxTokens,
    temperature,
    numBeams: asked.num_beams ?? (generates && temperature === 0 ? given.numBeams : 1),
    stop: asked.stop ?? given.stop,
  };
}

function refused(code: string, message: string, param: string): AppError {
  return new AppError({ kind: 'invalid', code, message, details: { param } });
}
