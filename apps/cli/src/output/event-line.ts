import type { EvaluationEventObject, FineTuningEventObject } from '@prad/contracts';
import pc from 'picocolors';
import { timeText } from './facts.js';

/** An event of a job or an evaluation as a line of its log. */
export function eventLine({
  created_at,
  level,
  message,
}: Pick<FineTuningEventObject | EvaluationEventObject, 'created_at' | 'level' | 'message'>): string {
  const colour = { info: (text: string) => text, warn: pc.yellow, error: pc.red }[level];
  return `${pc.dim(timeText(created_at))}  ${colour(message)}`;
}
