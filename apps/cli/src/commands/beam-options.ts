import { Option, type Command } from 'commander';
import type { CreateCompletion } from '@prad/contracts';
import { numberOption } from './number-option.js';

/** What `addBeamOptions` reads. */
export interface BeamOptions {
  readonly beams?: number;
  readonly lengthPenalty?: number;
  readonly earlyStopping?: 'true' | 'false' | 'never';
}

/** Options of a command that searches for answers with beams. */
export function addBeamOptions(command: Command, byDefault: string): Command {
  return command
    .option(
      '--beams <n>',
      `beam search of this width, which does not sample; default ${byDefault}`,
      numberOption,
    )
    .option('--length-penalty <n>', 'of a beam search: above 0 favours long answers; default 1', numberOption)
    .addOption(
      new Option(
        '--early-stopping <when>',
        'of a beam search: true ends with the first answers, never with the best; default false, in between',
      ).choices(['true', 'false', 'never']),
    );
}

/** The fields of a request. */
export function askedBeams(
  options: BeamOptions,
): Pick<CreateCompletion, 'num_beams' | 'length_penalty' | 'early_stopping'> {
  const { beams, lengthPenalty, earlyStopping } = options;
  const early =
    earlyStopping === undefined || earlyStopping === 'never' ? earlyStopping : earlyStopping === 'true';
  return { num_beams: beams, length_penalty: lengthPenalty, early_stopping: early };
}
