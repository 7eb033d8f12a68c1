import { baseLayout, influenceOf, placesOf } from '@prad/adapter-files';
import type { FineTuningMethod, ReadyBaseModel } from '@prad/domain';
import { fullTrainingWarnings } from './full-memory.js';

/**
 * What the submitter should know before the training: an adapter of the prompt that changes no key and no value of it
 * can move the first answer token alone; all weights take much memory. What is not known gives none.
 */
export function trainingWarnings(
  { adapter, scope, options }: Pick<FineTuningMethod, 'adapter' | 'scope' | 'options'>,
  base: Pick<ReadyBaseModel, 'id' | 'parameterCount' | 'details'>,
): string[] {
  if (adapter === 'full') return fullTrainingWarnings(base);
  const layout = baseLayout.safeParse(base.details['layout']).data;
  if (layout === undefined || scope !== 'prompt') return [];
  const places = placesOf(adapter, options, layout);
  if (places === undefined) return [];
  const { keysFrom, valuesFrom } = influenceOf(places, layout.layers);
  if (keysFrom !== undefined || valuesFrom !== undefined) return [];
  return [
    `under the scope prompt this ${adapter} changes no key or value of the prompt, since no layer reads what it changes in ` +
      `the last of ${layout.layers} layers: it can move only the first answer token`,
  ];
}
