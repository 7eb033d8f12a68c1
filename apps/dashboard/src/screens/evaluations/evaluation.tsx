import { Group, Stack, Table as MantineTable, Text } from '@mantine/core';
import type { EvaluationObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { evaluationQuery } from '../../api/queries.js';
import { Facts } from '../../components/facts.js';
import { JobLink, ScreenLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { RelativeTime } from '../../components/relative-time.js';
import { StatusBadge } from '../../components/status-badge.js';
import { Table } from '../../components/table.js';
import { NONE, count, measured, plural } from '../../format/numbers.js';
import { Examples } from './examples.js';
import { progressOf } from './progress-of.js';

const route = getRouteApi('/evaluations/$id');

type Result = NonNullable<EvaluationObject['result']>;

/** One evaluation: scores, how the models compare, and the samples that tell them apart. */
export function Evaluation() {
  const { id } = route.useParams();
  const evaluation = useQuery(evaluationQuery(id));
  const { data } = evaluation;
  return (
    <Page
      title={id}
      heading={
        <Group gap="sm" component="span">
          {id}
          {data !== undefined && <StatusBadge status={data.status} />}
        </Group>
      }
      description={data?.models.map(({ model }) => model).join(', ')}
    >
      <Loaded of={evaluation} what="The evaluation" height={420}>
        {(found) => (
          <Stack gap="lg">
            {found.error !== null && <Text role="alert">{found.error.message}</Text>}
            {found.result === null ? (
              <Text>{progressOf(found)}</Text>
            ) : (
              <>
                <Scores result={found.result} />
                <Comparisons result={found.result} />
                {found.result.models.slice(1).map((model) => (
                  <Examples key={model.model} of={model} baseline={found.result?.models[0]?.model ?? ''} />
                ))}
              </>
            )}
            <Origin of={found} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

const scoreColumns = [
  { name: 'Model' },
  { name: 'Metric' },
  { name: 'Score', isNumber: true },
  { name: '95 % interval', isNumber: true },
  { name: 'Better is' },
  { name: 'Signature' },
];

function Scores({ result }: { readonly result: Result }) {
  return (
    <Panel title="Scores">
      <Table label="Scores" minWidth={900} columns={scoreColumns}>
        {result.models.flatMap(({ model, scores }) =>
          scores.map(({ metric, score, low, high, higher_is_better: isHigher, signature }) => (
            <MantineTable.Tr key={`${model} ${metric}`}>
              <MantineTable.Td>{model}</MantineTable.Td>
              <MantineTable.Td>{metric}</MantineTable.Td>
              <MantineTable.Td data-number>{measured(score)}</MantineTable.Td>
              <MantineTable.Td data-number>{intervalOf({ low, high })}</MantineTable.Td>
              <MantineTable.Td>{isHigher ? 'higher' : 'lower'}</MantineTable.Td>
              <MantineTable.Td>
                <Text size="xs" ff="monospace">
                  {signature}
                </Text>
              </MantineTable.Td>
            </MantineTable.Tr>
          )),
        )}
      </Table>
    </Panel>
  );
}

const comparisonColumns = [
  { name: 'Model' },
  { name: 'Metric' },
  { name: 'Difference', isNumber: true },
  { name: '95 % interval', isNumber: true },
  { name: 'p', isNumber: true },
  { name: 'Won', isNumber: true },
  { name: 'Lost', isNumber: true },
  { name: 'Tied', isNumber: true },
];

function Comparisons({ result: { models } }: { readonly result: Result }) {
  const [baseline, ...others] = models;
  if (baseline === undefined || others.length === 0) return null;
  return (
    <Panel title={`Compared with ${baseline.model}`}>
      <Table label="Comparisons" minWidth={860} columns={comparisonColumns}>
        {others.flatMap(({ model, comparisons }) =>
          (comparisons ?? []).map(({ metric, difference, low, high, p_value: p, wins, losses, ties }) => (
            <MantineTable.Tr key={`${model} ${metric}`}>
              <MantineTable.Td>{model}</MantineTable.Td>
              <MantineTable.Td>{metric}</MantineTable.Td>
              <MantineTable.Td data-number>
                {difference > 0 && '+'}
                {measured(difference)}
              </MantineTable.Td>
              <MantineTable.Td data-number>{intervalOf({ low, high })}</MantineTable.Td>
              <MantineTable.Td data-number>{measured(p)}</MantineTable.Td>
              <MantineTable.Td data-number>{count(wins)}</MantineTable.Td>
              <MantineTable.Td data-number>{count(losses)}</MantineTable.Td>
              <MantineTable.Td data-number>{count(ties)}</MantineTable.Td>
            </MantineTable.Tr>
          )),
        )}
      </Table>
    </Panel>
  );
}

/** All that the scores depend on. */
function Origin({ of }: { readonly of: EvaluationObject }) {
  const { file, file_digest: digest, task, job, code, result, models } = of;
  // Its beginning, and whether files had been changed.
  const commit = code?.commit?.replace(/^([0-9a-f]{12})[0-9a-f]*/, '$1');
  return (
    <Panel title="What was measured">
      <Facts
        of={[
          [
            'File',
            <ScreenLink key="file" to="/datasets/$id" params={{ id: file }} size="sm" ff="monospace">
              {file}
            </ScreenLink>,
          ],
          ['SHA-256 of the file', digest.slice(0, 12)],
          ['Samples', result === null ? NONE : plural(result.samples, 'sample')],
          ['References', result === null ? NONE : count(result.references)],
          ['Left out', result === null ? NONE : plural(result.skipped, 'row')],
          ['Task', task?.name ?? NONE],
          ['Longest answer', plural(of.max_tokens, 'token')],
          ['Temperature', String(of.temperature)],
          ['Beams', String(of.num_beams)],
          ['Seed', String(of.seed)],
          ['Resamples', count(of.resamples)],
          ['Code', code === null ? NONE : `${code.version}, ${commit ?? 'of an unknown commit'}`],
          ['Result of', job === null ? NONE : <JobLink key="job" id={job} />],
          ['Created', <RelativeTime key="created" at={of.created_at} />],
          ...models.map(
            ({ model, base_digest: base, adapter_digest: adapter }) =>
              [`SHA-256 of ${model}`, (adapter ?? base).slice(0, 12)] as const,
          ),
        ]}
      />
    </Panel>
  );
}

function intervalOf({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${measured(low)} to ${measured(high)}`;
}
