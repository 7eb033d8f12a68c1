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
        ['Rows', rowsOf(job)],
        ['Method', prad.adapter],
        ['Acts on', prad.scope === 'prompt' ? 'the prompt only' : 'all positions'],
        ...optionFacts(prad),
        settings.max_steps === null
          ? ['Epochs', measured(settings.n_epochs ?? 0)]
          : ['Steps', count(settings.max_steps)],
        ['Batch', batchOf(settings)],
        ['Learning rate', `${measured(settings.learning_rate)}, ${settings.lr_scheduler_type}`],
        [
          'Warm-up',
          settings.warmup_steps === null
            ? `${measured(100 * settings.warmup_ratio)} % of steps`
            : `${count(settings.warmup_steps)} steps`,
        ],
        ['Weight decay', measured(settings.weight_decay)],
        ['Clip at norm', measured(settings.max_grad_norm)],
        ['Longest example', `${count(settings.max_length)} tokens`],
        ['Label smoothing', measured(settings.label_smoothing_factor)],
        ['Validation', everyOf(settings.evaluation_steps, 'once an epoch')],
        ['Checkpoints', checkpointsOf(settings)],
        ['Stops early', stopOf(settings)],
        ['Seed', String(job.seed)],
      ]}
    />
  );
}

function rowsOf({ prad: { task } }: FineTuningJobObject): string {
  if (task === null) return 'prompts with completions, or messages';
  return task.template === 'plain' ? task.name : `${task.name}, with special tokens`;
}

type Settings = FineTuningJobObject['method']['prad']['hyperparameters'];

function batchOf(settings: Settings): string {
  const { batch_size: rows, max_tokens_per_batch: tokens, gradient_accumulation_steps: passes } = settings;
  const size =
    tokens === null ? `${count(rows)} rows` : `${count(tokens)} tokens, ${count(rows)} rows at most`;
  return passes === 1 ? size : `${size}, in ${count(passes)} passes`;
}

function everyOf(steps: number | null, otherwise: string): string {
  if (steps === null) return otherwise;
  return steps === 0 ? 'after the last step' : `every ${count(steps)} steps`;
}

function checkpointsOf({ save_steps: steps, save_total_limit: kept }: Settings): string {
  const when = everyOf(steps, 'with every validation');
  return kept === null ? when : `${when}; the newest ${count(kept)} and the best are kept`;
}

function stopOf({ early_stopping_patience: patience }: Settings): string {
  return patience === null ? 'no' : `after ${count(patience)} validations without a lower loss`;
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
