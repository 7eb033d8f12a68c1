import type { MetadataValue } from '@huggingface/gguf';
import { AppError } from '@prad/errors';
import { invalid } from '../invalid.js';

/** Typed access to a GGUF file's key-value pairs; a missing or wrong value is an AppError that names its key. */
export class GgufMetadata {
  constructor(
    private readonly file: string,
    private readonly values: ReadonlyMap<string, MetadataValue>,
  ) {}

  has(key: string): boolean {
    return this.values.has(key);
  }

  /** A whole number of at least 0. */
  integer(key: string): number {
    return this.optionalInteger(key) ?? this.missing(key);
  }

  optionalInteger(key: string): number | undefined {
    const value = this.optionalNumber(key);
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw this.wrong(key, 'a whole number of at least 0');
    }
    return value;
  }

  number(key: string): number {
    return this.optionalNumber(key) ?? this.missing(key);
  }

  optionalNumber(key: string): number | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) throw this.wrong(key, 'a number');
    return number;
  }

  text(key: string): string {
    return this.optionalText(key) ?? this.missing(key);
  }

  optionalText(key: string): string | undefined {
    const value = this.values.get(key);
    if (value !== undefined && typeof value !== 'string') throw this.wrong(key, 'text');
    return value;
  }

  flag(key: string): boolean {
    const value = this.values.get(key) ?? false;
    if (typeof value !== 'boolean') throw this.wrong(key, 'true or false');
    return value;
  }

  texts(key: string): string[] {
    const value = this.values.get(key);
    if (value === undefined) return this.missing(key);
    if (!isArrayOf(value, (item) => typeof item === 'string')) throw this.wrong(key, 'an array of texts');
    return value;
  }

  integers(key: string): number[] {
    const value = this.values.get(key);
    if (value === undefined) return this.missing(key);
    if (!isArrayOf(value, (item) => Number.isSafeInteger(item))) {
      throw this.wrong(key, 'an array of whole numbers');
    }
    return value as unknown[] as number[];
  }

  numbers(key: string): number[] {
    const value = this.values.get(key);
    if (value === undefined) return this.missing(key);
    if (!isArrayOf(value, (item) => Number.isFinite(item))) throw this.wrong(key, 'an array of numbers');
    return value as unknown[] as number[];
  }

  /** The error of a value that is of the right type but cannot be used. */
  unsupported(key: string, expected: string): AppError {
    const value = this.values.get(key);
    const got = Array.isArray(value)
      ? 'an array'
      : typeof value === 'string'
        ? JSON.stringify(value)
        : String(value);
    return invalid('gguf_unsupported', `${this.file}: ${key} must be ${expected}, got ${got}`, { key });
  }

  private wrong(key: string, expected: string): AppError {
    return invalid('gguf_metadata', `${this.file}: ${key} must be ${expected}`, { key });
  }

  private missing(key: string): never {
    throw invalid('gguf_metadata', `${this.file}: ${key} is missing`, { key });
  }
}

function isArrayOf(value: unknown, test: (item: unknown) => boolean): value is string[] {
  return Array.isArray(value) && value.every(test);
}
