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
        ['Rank', count(prad.rank)],
        ['Scale', measured(prad.scale)],
        ['Start values', prad.init],
        ['Targets', prad.targets?.join(', ') ?? 'default'],
        ['Layers', prad.layers?.join(', ') ?? 'all'],
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
