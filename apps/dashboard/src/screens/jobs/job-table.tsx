import { Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { JobSummaryObject } from '@prad/contracts';
import { useEffect, useRef } from 'react';
import { JobRow } from './job-row.js';
import classes from './job-table.module.css';

const ROW_HEIGHT = 54;
/** Rows before the last loaded one at which more are asked for. */
const AHEAD = 30;

export interface JobTableProps {
  readonly jobs: readonly JobSummaryObject[];
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => void;
}

/** Any number of jobs, of which only the rows in sight exist. */
export function JobTable({ jobs, hasMore, isLoadingMore, loadMore }: JobTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const rows = useVirtualizer({
    count: jobs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => jobs[index]?.id ?? index,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= jobs.length - AHEAD) loadMore();
  }, [hasMore, isLoadingMore, last, jobs.length, loadMore]);
  const above = items[0]?.start ?? 0;
  const below = rows.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div ref={scroller} className={classes['scroller']} role="region" aria-label="Jobs" tabIndex={0}>
      <table className={classes['table']} aria-rowcount={hasMore ? -1 : jobs.length + 1}>
        <Head />
        <tbody>
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {items.map(({ index, key }) => {
            const job = jobs[index];
            if (job === undefined) return null;
            const open = () => void navigate({ to: '/jobs/$id', params: { id: job.id } });
            return <JobRow key={key} job={job} position={index + 2} onOpen={open} />;
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </tbody>
      </table>
      {isLoadingMore && (
        <Text size="sm" c="dimmed" ta="center" py="xs">
          Reading more jobs …
        </Text>
      )}
    </div>
  );
}

const columns = [
  { name: 'State', width: 122 },
  { name: 'Job', width: undefined },
  { name: 'Model', width: 244 },
  { name: 'Progress', width: 142 },
  { name: 'Tokens', width: 84, isNumber: true },
  { name: 'Created', width: 106 },
  { name: 'Took', width: 104, isNumber: true },
  { name: 'Action', width: 84 },
];

function Head() {
  return (
    <>
      <colgroup>
        {columns.map(({ name, width }) => (
          <col key={name} style={{ width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map(({ name, isNumber }) => (
            <th key={name} scope="col" data-number={isNumber}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
    </>
  );
}
