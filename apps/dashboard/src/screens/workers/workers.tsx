import { Badge, Group, Stack, Table as MantineTable, Text } from '@mantine/core';
import type { WorkerObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { workersQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { JobLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { RelativeTime } from '../../components/relative-time.js';
import { Table } from '../../components/table.js';
import { NONE, bytes, count, plural } from '../../format/numbers.js';

const columns = [
  { name: 'Worker' },
  { name: 'Roles' },
  { name: 'Device' },
  { name: 'Slots', isNumber: true },
  { name: 'Current work' },
  { name: 'Memory', isNumber: true },
  { name: 'Started' },
  { name: 'Last heartbeat' },
];

/** The processes that do the work. */
export function Workers() {
  const workers = useQuery(workersQuery);
  return (
    <Page
      title="Workers"
      description="Processes that train, generate and import. One that stops reporting leaves this list."
    >
      <Loaded of={workers} what="The workers" height={220}>
        {(list) =>
          list.length === 0 ? (
            <NoWorkers />
          ) : (
            <Panel title={plural(list.length, 'worker')}>
              <Table label="Workers" minWidth={1060} columns={columns}>
                {list.map((worker) => (
                  <WorkerRow key={worker.id} worker={worker} />
                ))}
              </Table>
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}

function WorkerRow({ worker }: { readonly worker: WorkerObject }) {
  return (
    <MantineTable.Tr>
      <MantineTable.Td>
        <Text fz={13} ff="monospace" style={{ whiteSpace: 'nowrap' }}>
          {worker.id}
        </Text>
        <Text size="xs" c="dimmed">
          {worker.host}, process {worker.pid}
        </Text>
      </MantineTable.Td>
      <MantineTable.Td>
        <Group gap={6}>
          {worker.roles.map((role) => (
            <Badge key={role} variant="default" tt="none" fw={500}>
              {role}
            </Badge>
          ))}
        </Group>
      </MantineTable.Td>
      <MantineTable.Td>{worker.device}</MantineTable.Td>
      <MantineTable.Td data-number>{count(worker.slots)}</MantineTable.Td>
      <MantineTable.Td>
        <CurrentWork ids={worker.current_work} />
      </MantineTable.Td>
      <MantineTable.Td data-number>
        {worker.memory_bytes === 0 ? NONE : bytes(worker.memory_bytes)}
      </MantineTable.Td>
      <MantineTable.Td>
        <RelativeTime at={worker.started_at} />
      </MantineTable.Td>
      <MantineTable.Td>
        <RelativeTime at={worker.heartbeat_at} />
      </MantineTable.Td>
    </MantineTable.Tr>
  );
}

const SHOWN_WORK = 3;

function CurrentWork({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return <Text size="sm">idle</Text>;
  const others = ids.length - SHOWN_WORK;
  return (
    <Stack gap={0}>
      {ids.slice(0, SHOWN_WORK).map((id) => (
        <JobLink key={id} id={id} />
      ))}
      {others > 0 && <Text size="xs">and {count(others)} more</Text>}
    </Stack>
  );
}

function NoWorkers() {
  return (
    <Empty title="No worker reports itself">
      <Text size="sm">
        Jobs wait until one does. <code>prad up</code> starts an API with a worker; a worker alone, with the
        same <code>DATABASE_URL</code>, <code>REDIS_URL</code> and data folder as this API:
      </Text>
      <Command label="Start a worker">node dist/apps/worker/src/main.js</Command>
    </Empty>
  );
}
