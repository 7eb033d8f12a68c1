import { Tooltip } from '@mantine/core';
import type { LengthDistribution } from '@prad/contracts';
import { count, plural } from '../../format/numbers.js';
import classes from './histogram.module.css';

export interface HistogramProps {
  readonly bins: LengthDistribution['bins'];
  /** What it shows, in words. */
  readonly label: string;
}

/** Rows by their length: a bar for each bin, its count when pointed at. */
export function Histogram({ bins, label }: HistogramProps) {
  const highest = Math.max(1, ...bins.map((bin) => bin.count));
  const first = bins[0]?.from ?? 0;
  const last = bins.at(-1)?.to ?? 0;
  return (
    <div role="img" aria-label={label} className={classes['histogram']}>
      <span className={classes['highest']}>{plural(highest, 'row')}</span>
      <div className={classes['bars']}>
        {bins.map(({ from, to, count: rows }) => (
          <Tooltip key={from} label={`${rangeOf(from, to)}: ${plural(rows, 'row')}`} openDelay={0}>
            <div className={classes['slot']}>
              <div className={classes['bar']} style={{ height: `${(100 * rows) / highest}%` }} />
            </div>
          </Tooltip>
        ))}
      </div>
      <div className={classes['axis']}>
        <span>{count(first)}</span>
        <span>tokens</span>
        <span>{count(Math.max(first, last - 1))}</span>
      </div>
    </div>
  );
}

function rangeOf(from: number, to: number): string {
  return to - from === 1 ? plural(from, 'token') : `${count(from)} to ${count(to - 1)} tokens`;
}
