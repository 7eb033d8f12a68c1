import { Button, Group, Stack, Table as MantineTable, Text } from '@mantine/core';
import type { FineTuningSweepObject } from '@prad/contracts';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '../../api/http.js';
import { forgetJobs, sweepsQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { ConfirmButton } from '../../components/confirm-button.js';
import { Empty } from '../../components/empty.js';
import { JobLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { StatusBadge } from '../../components/status-badge.js';
import { Table } from '../../components/table.js';
import { tellDone, tellFailed } from '../../components/tell.js';
import { curl } from '../../format/curl.js';
import { NONE, measured } from '../../format/numbers.js';

const columns = [
  { name: 'Place', isNumber: true },
  { name: 'Validation loss', isNumber: true },
  { name: 'Learning rate', isNumber: true },
  { name: 'Rank', isNumber: true },
  { name: 'Seed', isNumber: true },
  { name: 'Status' },
  { name: 'Job' },
  { name: 'Result' },
];

/** Every sweep with its leaderboard, the newest first. */
export function Sweeps() {
  const sweeps = useInfiniteQuery(sweepsQuery);
  const list = sweeps.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Page
      title="Sweeps"
      description="Jobs that differ in learning rate, rank or seed alone; the best by validation loss is the result."
    >
      <Loaded of={sweeps} what="The sweeps" height={420}>
        {() =>
          list.length === 0 ? (
            <NoSweeps />
          ) : (
            <Stack>
              {list.map((sweep) => (
                <SweepPanel key={sweep.id} sweep={sweep} />
              ))}
              {sweeps.hasNextPage && (
                <Group justify="center">
                  <Button
                    variant="default"
                    loading={sweeps.isFetchingNextPage}
                    onClick={() => void sweeps.fetchNextPage()}
                  >
                    Show more
                  </Button>
                </Group>
              )}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

function SweepPanel({ sweep }: { readonly sweep: FineTuningSweepObject }) {
  const { id, status, model, leaderboard, fine_tuned_model: result } = sweep;
  return (
    <Panel title={id}>
      <Group justify="space-between" mb="xs">
        <Group gap="sm">
          <StatusBadge status={status} cancelRequested={sweep.cancel_requested} />
          <Text size="sm">
            {model}
            {result !== null && `: ${result}`}
          </Text>
        </Group>
        <CancelSweep sweep={sweep} />
      </Group>
      <Table label={`Leaderboard of ${id}`} minWidth={980} columns={columns}>
        {leaderboard.map((run, place) => (
          <MantineTable.Tr key={run.job}>
            <MantineTable.Td data-number>{place + 1}</MantineTable.Td>
            <MantineTable.Td data-number>
              {run.valid_loss === null ? NONE : measured(run.valid_loss)}
            </MantineTable.Td>
            <MantineTable.Td data-number>{measured(run.learning_rate)}</MantineTable.Td>
            <MantineTable.Td data-number>{run.rank ?? NONE}</MantineTable.Td>
            <MantineTable.Td data-number>{run.seed}</MantineTable.Td>
            <MantineTable.Td>
              <StatusBadge status={run.status} />
            </MantineTable.Td>
            <MantineTable.Td>
              <JobLink id={run.job} />
            </MantineTable.Td>
            <MantineTable.Td>{run.fine_tuned_model ?? run.error ?? NONE}</MantineTable.Td>
          </MantineTable.Tr>
        ))}
      </Table>
    </Panel>
  );
}

function CancelSweep({ sweep }: { readonly sweep: FineTuningSweepObject }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => postJson(`/v1/fine_tuning/sweeps/${sweep.id}/cancel`),
    onSuccess: () => {
      tellDone(`The runs of ${sweep.id} will end at their next step.`);
      return forgetJobs(client);
    },
    onError: tellFailed(`${sweep.id} was not cancelled`),
  });
  if (sweep.status !== 'running') return null;
  return (
    <ConfirmButton
      label="Cancel"
      of={sweep.id}
      size="xs"
      loading={cancel.isPending}
      disabled={sweep.cancel_requested}
      question="Runs that have not ended stop and make no adapter."
      confirm="Cancel this sweep"
      onConfirm={() => {
        cancel.mutate();
      }}
    />
  );
}

function NoSweeps() {
  return (
    <Empty title="There is no sweep yet">
      <Text size="sm">A job with lists makes one:</Text>
      <Command label="Start a sweep">
        {curl('/v1/fine_tuning/sweeps', {
          ...{ model: 'prad-tiny', training_file: 'file-...', validation_file: 'file-...' },
          sweep: { learning_rate: [1e-3, 3e-3], rank: [8, 32] },
        })}
      </Command>
    </Empty>
  );
}
