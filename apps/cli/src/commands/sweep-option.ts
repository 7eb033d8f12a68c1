import { InvalidArgumentError } from 'commander';

/** Lists by the names that the API has for them. */
export type SweepOption = Readonly<Record<string, readonly number[]>>;

/** `learning_rate=1e-3,3e-3`, added to the lists before it; which names there are, the server knows. */
export function sweepOption(text: string, before: SweepOption = {}): SweepOption {
  const [name = '', list = '', ...more] = text.split('=');
  const values = list.split(',').map((value) => (value.trim() === '' ? Number.NaN : Number(value)));
  if (name === '' || more.length > 0 || values.some(Number.isNaN))
    throw new InvalidArgumentError('expected <name>=<number>,<number>,...');
  return { ...before, [name]: values };
}
