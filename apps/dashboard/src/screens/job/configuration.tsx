import type { FineTuningJobObject } from '@prad/contracts';
import { Facts } from '../../components/facts.js';
import { count, measured } from '../../format/numbers.js';

/** What a job was asked to do, defaults filled in. */
export function Configuration({ job }: { readonly job: FineTuningJobObject }) {
  const { prad } = job.method;
  const settings = prad.hyperparameters;
  return (
    <Facts
      of={[
        ['Method', prad.adapter],
        ['Acts on', prad.scope === 'prompt' ? 'the prompt only' : 'all positions'],
        ...optionFacts(prad),
        settings.max_steps === null
          ? ['Epochs', measured(settings.n_epochs ?? 0)]
          : ['Steps', count(settings.max_steps)],
        ['Batch', `${count(settings.batch_size)} rows`],
        ['Learning rate', measured(settings.learning_rate)],
        ['Warm-up', `${measured(100 * settings.warmup_ratio)} % of steps`],
        ['Weight decay', measured(settings.weight_decay)],
        ['Clip at norm', measured(settings.max_grad_norm)],
        ['Longest example', `${count(settings.max_length)} tokens`],
        [
          'Validation',
          settings.evaluation_steps === 0
            ? 'first and last step'
            : `every ${count(settings.evaluation_steps)} steps`,
        ],
        ['Seed', String(job.seed)],
      ]}
    />
  );
}

const shownApart = ['adapter', 'scope', 'hyperparameters'];

/** The method's own options; those that ask for nothing are left out. */
function optionFacts(prad: FineTuningJobObject['method']['prad']): [string, string][] {
  return Object.entries(prad)
    .filter(([name, value]) => !shownApart.includes(name) && value !== false && !isEmpty(value))
    .map(([name, value]) => [labelOf(name), shown(value)]);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function shown(value: unknown): string {
  if (typeof value === 'number') return measured(value);
  if (Array.isArray(value)) return value.map(String).join(', ');
  return value === true ? 'yes' : String(value);
}

function labelOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
