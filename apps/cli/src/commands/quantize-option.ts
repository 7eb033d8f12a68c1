import { InvalidArgumentError } from 'commander';

/** Reads `4`, `8` or `4,8`; the option may come several times. */
export function quantizeOption(text: string, earlier: readonly (4 | 8)[] = []): readonly (4 | 8)[] {
  const bits = text.split(',').map((word) => {
    const value = Number(word);
    if (value === 4 || value === 8) return value;
    throw new InvalidArgumentError(`expected 4 or 8, or both with a comma, got ${JSON.stringify(word)}`);
  });
  return [...earlier, ...bits];
}
