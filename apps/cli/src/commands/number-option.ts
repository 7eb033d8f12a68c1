import { InvalidArgumentError } from 'commander';

/** Reads a number given on the command line; what range is allowed the server knows. */
export function numberOption(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`expected a number, got ${JSON.stringify(text)}`);
}
