import { Button, Table as MantineTable, Text } from '@mantine/core';
import type { FineTuningCheckpointObject } from '@prad/contracts';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { download } from '../../api/download.js';
import { checkpointsQuery } from '../../api/queries.js';
import { Loaded } from '../../components/loaded.js';
import { RelativeTime } from '../../components/relative-time.js';
import { Table } from '../../components/table.js';
import { tellFailed } from '../../components/tell.js';
import { NONE, bytes, count, measured } from '../../format/numbers.js';

const columns = [
  { name: 'Step', isNumber: true },
  { name: 'Train loss', isNumber: true },
  { name: 'Validation loss', isNumber: true },
  { name: 'Size', isNumber: true },
  { name: 'Written' },
  { name: 'Download' },
];

export interface CheckpointsProps {
  readonly jobId: string;
  readonly isRunning: boolean;
}

/** The adapters that a job wrote on its way. */
export function Checkpoints({ jobId, isRunning }: CheckpointsProps) {
  const checkpoints = useQuery(checkpointsQuery(jobId, isRunning));
  return (
    <Loaded of={checkpoints} what="The checkpoints" height={120}>
      {(list) =>
        list.length === 0 ? (
          <Text size="sm" c="dimmed">
            None yet: one is written at each validation.
          </Text>
        ) : (
          <Table label="Checkpoints" minWidth={460} columns={columns}>
            {list.map((checkpoint) => (
              <CheckpointRow key={checkpoint.id} checkpoint={checkpoint} />
            ))}
          </Table>
        )
      }
    </Loaded>
  );
}

function CheckpointRow({ checkpoint }: { readonly checkpoint: FineTuningCheckpointObject }) {
  const { id, fine_tuning_job_id: job, step_number: step, metrics, prad, created_at } = checkpoint;
  const save = useMutation({
    mutationFn: () =>
      download(`/v1/fine_tuning/jobs/${job}/checkpoints/${id}/content`, `${job}-step-${step}.safetensors`),
    onError: tellFailed(`The checkpoint of step ${step} was not downloaded`),
  });
  return (
    <MantineTable.Tr>
      <MantineTable.Td data-number>{count(step)}</MantineTable.Td>
      <MantineTable.Td data-number>{lossOf(metrics.train_loss)}</MantineTable.Td>
      <MantineTable.Td data-number>{lossOf(metrics.valid_loss)}</MantineTable.Td>
      <MantineTable.Td data-number>{bytes(prad.bytes)}</MantineTable.Td>
      <MantineTable.Td>
        <RelativeTime at={created_at} />
      </MantineTable.Td>
      <MantineTable.Td>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          loading={save.isPending}
          aria-label={`Download the checkpoint of step ${step}`}
          onClick={() => {
            save.mutate();
          }}
        >
          Save
        </Button>
      </MantineTable.Td>
    </MantineTable.Tr>
  );
}

function lossOf(value: number | undefined): string {
  return value === undefined ? NONE : `${measured(value)} nats`;
}
