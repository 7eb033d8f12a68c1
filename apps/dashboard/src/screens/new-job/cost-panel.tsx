import { Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { FileObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { estimateQuery, previewQuery } from '../../api/queries.js';
import { Panel } from '../../components/panel.js';
import { bytes, count, measured, plural, seconds, shortCount } from '../../format/numbers.js';
import { costOf, type Cost } from './cost.js';
import { problemsOf, toRequest, type JobValues } from './job-values.js';

export interface CostPanelProps {
  readonly values: JobValues;
  readonly files: readonly FileObject[];
}

/** What the job will cost while the form is filled in: steps and tokens at once, the rest as the API estimates it. */
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
        <>
          <Sum
            cost={costOf(rows, values, preview.data?.token_lengths?.total)}
            byEpochs={values.length === 'epochs'}
          />
          <Estimated values={values} />
        </>
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

/** Typing does not ask anew at every key. */
const SETTLED_MS = 500;

function Estimated({ values }: { readonly values: JobValues }) {
  const [settled] = useDebouncedValue(values, SETTLED_MS);
  const isValid = Object.keys(problemsOf(settled)).length === 0;
  const { data } = useQuery({ ...estimateQuery(toRequest(settled)), enabled: isValid });
  if (data === undefined) return null;
  const { trainable_parameters: parameters, memory_bytes: memory, seconds: time } = data;
  const rate = data.tokens_per_second;
  return (
    <Stack gap={4} mt="xs">
      {parameters !== null && (
        <Text size="sm" data-numbers>
          {shortCount(parameters)} trainable parameters
        </Text>
      )}
      {memory !== null && (
        <Text size="sm" data-numbers>
          About {bytes(memory)} of a worker’s memory
        </Text>
      )}
      <Text size="sm" data-numbers>
        {time === null || rate === null
          ? 'Time unknown: no training was measured yet'
          : `About ${seconds(time)} at ${count(rate)} tokens/s${data.time_basis === 'model' ? '' : ', judged by other models'}`}
      </Text>
      <Text size="sm" c="dimmed" data-numbers>
        {plural(data.workers.length, 'worker')} to train on, {data.workers.filter(({ busy }) => !busy).length}{' '}
        idle
      </Text>
      {data.warnings.map((warning) => (
        <Text key={warning} size="sm" c="orange">
          {warning}
        </Text>
      ))}
    </Stack>
  );
}
