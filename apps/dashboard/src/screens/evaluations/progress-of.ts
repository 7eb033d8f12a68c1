import type { EvaluationObject } from '@prad/contracts';
import { NONE, count } from '../../format/numbers.js';

/** How many answers there are of how many. */
export function progressOf({ progress }: Pick<EvaluationObject, 'progress'>): string {
  return progress === null ? NONE : `${count(progress.done)} of ${count(progress.total)} answers`;
}
