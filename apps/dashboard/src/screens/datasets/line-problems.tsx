import { Stack, Table as MantineTable, Text } from '@mantine/core';
import { MAX_LINE_PROBLEMS, type LineProblem } from '@prad/contracts';
import { Problem } from '../../components/problem.js';
import { Table } from '../../components/table.js';
import { count, plural } from '../../format/numbers.js';

const columns = [{ name: 'Line', isNumber: true }, { name: 'Problem' }];

export interface LineProblemsProps {
  readonly name: string;
  readonly problems: readonly LineProblem[];
}

/** What is wrong with a refused file, by its lines. */
export function LineProblems({ name, problems }: LineProblemsProps) {
  const cut =
    problems.length >= MAX_LINE_PROBLEMS ? `the first ${plural(problems.length, 'problem')}` : undefined;
  const found = cut ?? plural(problems.length, 'problem');
  return (
    <Stack gap="sm">
      <Problem
        title={`${name} was not uploaded`}
        error={new Error(`Nothing of it was kept. Mend these lines and send it again: ${found}.`)}
      />
      <Table label={`Problems of ${name}`} minWidth={420} columns={columns}>
        {problems.map(({ line, message }) => (
          <MantineTable.Tr key={`${line} ${message}`}>
            <MantineTable.Td data-number w={70}>
              {count(line)}
            </MantineTable.Td>
            <MantineTable.Td>
              <Text size="sm">{message.replace(/^(line|row) \d+: /, '')}</Text>
            </MantineTable.Td>
          </MantineTable.Tr>
        ))}
      </Table>
    </Stack>
  );
}
