import { Table as MantineTable, Text } from '@mantine/core';
import type { EvaluationObject } from '@prad/contracts';
import { Panel } from '../../components/panel.js';
import { Table } from '../../components/table.js';
import { count, measured } from '../../format/numbers.js';

type ModelResult = NonNullable<EvaluationObject['result']>['models'][number];

const columns = (model: string, baseline: string) => [
  { name: 'Line', isNumber: true },
  { name: 'Reference' },
  { name: baseline },
  { name: model },
  { name: 'Scores', isNumber: true },
];

/** The samples that a model wins and loses by most. */
export function Examples({ of, baseline }: { readonly of: ModelResult; readonly baseline: string }) {
  const { model, wins, losses, scores } = of;
  const by = scores[0]?.metric ?? '';
  if (wins.length + losses.length === 0) return null;
  return (
    <Panel title={`${model}: wins and losses by ${by}`}>
      <Group name="Wins" examples={wins} model={model} baseline={baseline} />
      <Group name="Losses" examples={losses} model={model} baseline={baseline} />
    </Panel>
  );
}

interface GroupProps {
  readonly name: string;
  readonly examples: ModelResult['wins'];
  readonly model: string;
  readonly baseline: string;
}

function Group({ name, examples, model, baseline }: GroupProps) {
  if (examples.length === 0) return null;
  return (
    <>
      <Text fw={600} size="sm" mt="sm">
        {name}
      </Text>
      <Table label={`${name} of ${model}`} minWidth={900} columns={columns(model, baseline)}>
        {examples.map(({ line, references, baseline: before, prediction, baseline_score: from, score }) => (
          <MantineTable.Tr key={line}>
            <MantineTable.Td data-number>{count(line)}</MantineTable.Td>
            {[references.join(' / '), before, prediction].map((text, place) => (
              <MantineTable.Td key={place} style={{ overflowWrap: 'anywhere' }}>
                {text}
              </MantineTable.Td>
            ))}
            <MantineTable.Td data-number>
              {measured(from)} to {measured(score)}
            </MantineTable.Td>
          </MantineTable.Tr>
        ))}
      </Table>
    </>
  );
}
