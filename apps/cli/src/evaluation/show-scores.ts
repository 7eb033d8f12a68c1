import type { EvaluationObject } from '@prad/contracts';
import pc from 'picocolors';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';

/** Prints the table of an evaluation's scores, and what is to be known of them. */
export function showScores({ result }: EvaluationObject): void {
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
