import { SimpleGrid, Stack, Table as MantineTable, Text } from '@mantine/core';
import type { OverviewObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { overviewQuery } from '../../api/queries.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { Table } from '../../components/table.js';
import { count } from '../../format/numbers.js';
import { FirstSteps } from './first-steps.js';
import { RunningJobs } from './running-jobs.js';
import { Tiles } from './tiles.js';

/** What an operator wants to see first. */
export function Overview() {
  const overview = useQuery(overviewQuery);
  return (
    <Page title="Overview" description="The whole cluster as it is now.">
      <Loaded of={overview} what="The overview" height={560}>
        {(state) => (
          <Stack gap="lg">
            <Tiles state={state} />
            {(state.totals.adapters === 0 || state.totals.files === 0) && (
              <FirstSteps totals={state.totals} />
            )}
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
              <RunningJobs jobs={state.running} />
              <Queues queues={state.queues} />
            </SimpleGrid>
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

const columns = [
  { name: 'Queue' },
  { name: 'Waiting', isNumber: true },
  { name: 'Prioritised', isNumber: true },
  { name: 'Delayed', isNumber: true },
  { name: 'Active', isNumber: true },
];

function Queues({ queues }: Pick<OverviewObject, 'queues'>) {
  return (
    <Panel
      title="Queues"
      aside={
        <Text size="sm" c="dimmed">
          jobs by state
        </Text>
      }
    >
      <Table label="Queues" minWidth={420} columns={columns}>
        {queues.map(({ name, paused, waiting, prioritized, delayed, active }) => (
          <MantineTable.Tr key={name}>
            <MantineTable.Td>
              {name}
              {paused && ' (paused)'}
            </MantineTable.Td>
            {[waiting, prioritized, delayed, active].map((jobs, index) => (
              <MantineTable.Td
                key={columns[index + 1]?.name}
                data-number
                c={jobs === 0 ? 'dimmed' : 'inherit'}
              >
                {count(jobs)}
              </MantineTable.Td>
            ))}
          </MantineTable.Tr>
        ))}
      </Table>
    </Panel>
  );
}
