import { quantization, type Quantization } from '@prad/contracts';
import { InvalidArgumentError } from 'commander';

/** Reads `q4`, `q8`, `w8a8`, or several with a comma; the option may come several times. */
export function quantizeOption(text: string, earlier: readonly Quantization[] = []): readonly Quantization[] {
  const copies = text.split(',').map((word) => {
    const parsed = quantization.safeParse(word);
    if (parsed.success) return parsed.data;
    const known = quantization.options.join(', ');
    throw new InvalidArgumentError(`expected ${known}, several with a comma, got ${JSON.stringify(word)}`);
  });
  return [...earlier, ...copies];
}
