import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Problem } from './problem.js';

export interface LoadedProps<T> {
  readonly of: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  /** What is read, for example `The workers`. */
  readonly what: string;
  /** Height of what will stand here, so that nothing moves when it comes. */
  readonly height: number;
  readonly children: (data: T) => ReactNode;
}

/** What was read, a skeleton until it is there, or why it is not. Data that is there stays through a failure. */
export function Loaded<T>({ of, what, height, children }: LoadedProps<T>) {
  const { data, error } = of;
  const problem = error !== null && (
    <Problem title={`${what} could not be read`} error={error} retry={() => void of.refetch()} />
  );
  if (data === undefined)
    return problem === false ? <Skeleton height={height} aria-label="Loading" /> : problem;
  return (
    <>
      {problem}
      {children(data)}
    </>
  );
}
