import { AppError } from '@prad/errors';
import { openSafetensors, writeSafetensors, type SafetensorsFile } from '@prad/formats';
import type { HostTensor } from '@prad/tensor';
import { z } from 'zod';
import { slot } from './step-graphs.js';
import type { TrainerState } from './trainer.js';

/** The best validation so far. */
export interface Best {
  readonly step: number;
  /** Absent where nothing is validated. */
  readonly loss?: number | undefined;
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Validations since then, none of them better. */
  readonly worse: number;
}

/** What an interrupted run needs to go on as if it had not been: order and dropout follow from seed and step. */
export interface TrainingState {
  readonly trainer: TrainerState;
  readonly trainedTokens: number;
  /** Whether what is due after the last step, a validation or a checkpoint, was done. */
  readonly settled: boolean;
  readonly best?: Best | undefined;
}

const header = z.strictObject({
  digest: z.string(),
  steps: z.number().int().min(1),
  trainedTokens: z.number().int().min(0),
  settled: z.boolean(),
  best: z
    .strictObject({ step: z.number().int(), loss: z.number().optional(), worse: z.number().int() })
    .optional(),
});

const FORMAT = 'prad-training-state';
const best = (name: string): string => `best.${name}`;

/**
 * Writes the state to a safetensors file: tensors and moments under their names in the step graphs, the best's under
 * `best.`, all else as JSON in the header. `digest` names what the run depends on.
 */
export async function writeState(path: string, digest: string, state: TrainingState): Promise<void> {
  const { trainer, trainedTokens, settled } = state;
  const isLast = state.best?.tensors === trainer.tensors;
  const kept = new Map([
    ...trainer.tensors,
    ...trainer.moments,
    ...(isLast ? [] : [...(state.best?.tensors ?? [])].map(([name, value]) => [best(name), value] as const)),
  ]);
  const facts: z.infer<typeof header> = {
    ...{ digest, steps: trainer.steps, trainedTokens, settled },
    ...(state.best && {
      best: { step: state.best.step, loss: state.best.loss, worse: state.best.worse },
    }),
  };
  const sources = [...kept].map(([name, { shape, data }]) => ({
    ...{ name, shape, dtype: 'F32' as const },
    read: () => Promise.resolve(data),
  }));
  await writeSafetensors(path, sources, { format: FORMAT, state: JSON.stringify(facts) });
}

/**
 * Reads what `writeState` wrote; `names` are those of the trained tensors.
 * @throws AppError conflict: `training_state_unusable` for a file that is missing or broken, `training_state_mismatch`
 * for one of another run.
 */
export async function readState(
  path: string,
  digest: string,
  names: readonly string[],
): Promise<TrainingState> {
  try {
    return await readFrom(await openSafetensors(path), path, digest, names);
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'training_state_mismatch') throw cause;
    throw new AppError({
      kind: 'conflict',
      code: 'training_state_unusable',
      message: `${path}: the training state cannot be read`,
      cause,
    });
  }
}

async function readFrom(
  file: SafetensorsFile,
  path: string,
  digest: string,
  names: readonly string[],
): Promise<TrainingState> {
  try {
    const facts = factsOf(file.metadata);
    if (facts.digest !== digest) throw mismatch(path);
    const read = async (nameOf: (name: string) => string): Promise<Map<string, HostTensor>> =>
      new Map(await Promise.all(names.map(async (name) => [name, await file.read(nameOf(name))] as const)));
    const tensors = await read((name) => name);
    const moments = new Map(
      await Promise.all(
        names
          .flatMap((name) => [slot.mean(name), slot.variance(name)])
          .map(async (name) => [name, await file.read(name)] as const),
      ),
    );
    const isLast = facts.best?.step === facts.steps;
    return {
      trainer: { tensors, moments, steps: facts.steps },
      trainedTokens: facts.trainedTokens,
      settled: facts.settled,
      best: facts.best && { ...facts.best, tensors: isLast ? tensors : await read(best) },
    };
  } finally {
    await file.close();
  }
}

function factsOf(metadata: Readonly<Record<string, string>>): z.infer<typeof header> {
  const text = metadata['format'] === FORMAT ? metadata['state'] : undefined;
  return header.parse(JSON.parse(text ?? 'null'));
}

function mismatch(path: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'training_state_mismatch',
    message: `${path}: the training state is of another run: its plan, data, base model or program differs`,
  });
}
