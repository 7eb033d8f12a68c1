import { Button, Group, Stack, Table as MantineTable, Text } from '@mantine/core';
import type { EvaluationObject } from '@prad/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { evaluationsQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { ScreenLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { RelativeTime } from '../../components/relative-time.js';
import { StatusBadge } from '../../components/status-badge.js';
import { Table } from '../../components/table.js';
import { curl } from '../../format/curl.js';
import { NONE, measured } from '../../format/numbers.js';
import { progressOf } from './progress-of.js';

const columns = [
  { name: 'Evaluation' },
  { name: 'Status' },
  { name: 'Models' },
  { name: 'Metric' },
  { name: 'Scores', isNumber: true },
  { name: 'Created' },
];

/** Every evaluation with the scores of its first metric, the newest first. */
export function Evaluations() {
  const evaluations = useInfiniteQuery(evaluationsQuery);
  const list = evaluations.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Page
      title="Evaluations"
      description="Base models and adapters, scored on a file and compared with the first of them."
    >
      <Loaded of={evaluations} what="The evaluations" height={420}>
        {() =>
          list.length === 0 ? (
            <NoEvaluations />
          ) : (
            <Stack>
              <Table label="Evaluations" minWidth={920} columns={columns}>
                {list.map((evaluation) => (
                  <Row key={evaluation.id} evaluation={evaluation} />
                ))}
              </Table>
              {evaluations.hasNextPage && (
                <Group justify="center">
                  <Button
                    variant="default"
                    loading={evaluations.isFetchingNextPage}
                    onClick={() => void evaluations.fetchNextPage()}
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

function Row({ evaluation }: { readonly evaluation: EvaluationObject }) {
  const { id, status, models, metrics, result, created_at } = evaluation;
  const scores = result?.models.map((model) => measured(model.scores[0]?.score ?? NaN));
  return (
    <MantineTable.Tr>
      <MantineTable.Td>
        <ScreenLink to="/evaluations/$id" params={{ id }} fz={13} ff="monospace">
          {id}
        </ScreenLink>
      </MantineTable.Td>
      <MantineTable.Td>
        <StatusBadge status={status} />
      </MantineTable.Td>
      <MantineTable.Td>{models.map(({ model }) => model).join(', ')}</MantineTable.Td>
      <MantineTable.Td>{metrics[0] ?? NONE}</MantineTable.Td>
      <MantineTable.Td data-number>{scores?.join(', ') ?? progressOf(evaluation)}</MantineTable.Td>
      <MantineTable.Td>
        <RelativeTime at={created_at} />
      </MantineTable.Td>
    </MantineTable.Tr>
  );
}

function NoEvaluations() {
  return (
    <Empty title="There is no evaluation yet">
      <Text size="sm">Models and a file make one; the first model is what the others are compared with:</Text>
      <Command label="Start an evaluation">
        {curl('/v1/evaluations', { model: ['prad-tiny', 'ft:...'], file: 'file-...', metrics: ['rougeL'] })}
      </Command>
    </Empty>
  );
}
