import { Stack, Text } from '@mantine/core';
import type { FileObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { previewQuery } from '../../api/queries.js';
import { Panel } from '../../components/panel.js';
import { count, measured, plural, shortCount } from '../../format/numbers.js';
import { costOf, type Cost } from './cost.js';
import type { JobValues } from './job-values.js';

export interface CostPanelProps {
  readonly values: JobValues;
  readonly files: readonly FileObject[];
}

/** What the job will cost, in steps and in tokens, while the form is filled in. */
export function CostPanel({ values, files }: CostPanelProps) {
  const file = files.find(({ id }) => id === values.training_file);
  const preview = useQuery({
    ...previewQuery(values.training_file, values.model, 0),
    enabled: file !== undefined,
  });
  const rows = file?.prad.rows ?? preview.data?.total_rows;
  return (
    <Panel title="Cost">
      {rows === undefined || rows === null ? (
        <Text size="sm" c="dimmed">
          Choose a training file to see it.
        </Text>
      ) : (
        <Sum
          cost={costOf(rows, values, preview.data?.token_lengths?.total)}
          byEpochs={values.length === 'epochs'}
        />
      )}
    </Panel>
  );
}

function Sum({ cost, byEpochs }: { readonly cost: Cost; readonly byEpochs: boolean }) {
  const { rows, batchSize, stepsOfAnEpoch, epochs, steps, tokens } = cost;
  return (
    <Stack gap={4}>
      <Text fz={26} fw={600} lh={1.35} role="status" data-numbers>
        {plural(steps, 'step')}
      </Text>
      <Text size="sm" c="dimmed" data-numbers>
        {count(rows)} rows / {count(batchSize)} rows a batch = {plural(stepsOfAnEpoch, 'step')} an epoch
        {byEpochs ? ` × ${plural(epochs, 'epoch')}` : `: ${measured(epochs)} epochs`}
      </Text>
      <Text size="sm" c="dimmed" data-numbers mih={20}>
        {tokens !== null && `About ${shortCount(tokens)} tokens through the model`}
      </Text>
    </Stack>
  );
}
