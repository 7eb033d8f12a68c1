import type { ValueTransformer } from 'typeorm';

/** Postgres bigint as a number: sizes and counts here stay far below 2^53, and pg hands them over as text. */
export const bigintNumber: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};
