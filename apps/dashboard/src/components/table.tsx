import { Table as MantineTable } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './table.module.css';

export interface TableProps {
  /** What it lists, for those who cannot see its heading. */
  readonly label: string;
  readonly minWidth: number;
  readonly columns: readonly TableColumn[];
  /** Rows of cells. */
  readonly children: ReactNode;
}

export interface TableColumn {
  readonly name: string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

/** A table of few rows; its cells of numbers carry `data-number`. */
export function Table({ label, minWidth, columns, children }: TableProps) {
  return (
    <div className={classes['scroller']} tabIndex={0} role="region" aria-label={label}>
      <MantineTable
        className={classes['table'] ?? ''}
        miw={minWidth}
        verticalSpacing={8}
        horizontalSpacing={12}
      >
        <MantineTable.Thead>
          <MantineTable.Tr>
            {columns.map(({ name, isNumber }) => (
              <MantineTable.Th key={name} scope="col" data-number={isNumber}>
                {name}
              </MantineTable.Th>
            ))}
          </MantineTable.Tr>
        </MantineTable.Thead>
        <MantineTable.Tbody>{children}</MantineTable.Tbody>
      </MantineTable>
    </div>
  );
}
