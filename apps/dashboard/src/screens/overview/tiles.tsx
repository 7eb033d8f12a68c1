import { Paper, SimpleGrid, Text } from '@mantine/core';
import type { OverviewObject } from '@prad/contracts';
import type { ReactNode } from 'react';
import { ScreenLink } from '../../components/links.js';
import { count, plural, shortCount } from '../../format/numbers.js';

/** The figures of the cluster at one glance. */
export function Tiles({ state }: { readonly state: OverviewObject }) {
  const { workers, tokens_per_second: rates, failed_last_hour: failed, totals, queues } = state;
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting + queue.prioritized + queue.delayed, 0);
  const active = queues.reduce((sum, queue) => sum + queue.active, 0);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
      <Tile name="Workers" value={count(workers.alive)} unit="alive">
        <ScreenLink to="/workers" size="xs">
          {rolesOf(workers.by_role)}
        </ScreenLink>
      </Tile>
      <Tile name="Jobs" value={count(active)} unit="active">
        {plural(waiting, 'job')} in the queues
      </Tile>
      <Tile name="Training" value={shortCount(rates.training)} unit="tokens/s">
        of running jobs, last step
      </Tile>
      <Tile name="Generation" value={shortCount(rates.generation)} unit="tokens/s">
        over the last minute
      </Tile>
      <Tile name="Failed" value={count(failed)} unit={failed === 1 ? 'job' : 'jobs'} isAlarming={failed > 0}>
        <ScreenLink to="/jobs" search={{ status: 'failed' }} size="xs">
          in the last hour
        </ScreenLink>
      </Tile>
      <Tile name="Adapters" value={count(totals.adapters)} unit={`on ${plural(totals.base_models, 'base')}`}>
        {plural(totals.files, 'data set')}, {plural(totals.jobs, 'job')}
      </Tile>
    </SimpleGrid>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly isAlarming?: boolean;
  readonly children: ReactNode;
}

function Tile({ name, value, unit, isAlarming = false, children }: TileProps) {
  return (
    <Paper>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text fz={26} fw={600} lh={1.35} c={isAlarming ? 'var(--mantine-color-error)' : 'inherit'} data-numbers>
        {value}{' '}
        <Text span size="sm" fw={400} c="dimmed">
          {unit}
        </Text>
      </Text>
      <Text size="xs" c="dimmed" component="div">
        {children}
      </Text>
    </Paper>
  );
}

function rolesOf(byRole: Readonly<Record<string, number>>): string {
  const roles = Object.entries(byRole).map(([role, workers]) => `${role} ${count(workers)}`);
  return roles.length === 0 ? 'start one' : roles.join(' · ');
}
