import { Group, Paper, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';

export interface PanelProps {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a screen with its own heading. */
export function Panel({ title, aside, children }: PanelProps) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id}>
      <Group justify="space-between" mb="sm" gap="sm" mih={28}>
        <Title order={2} id={id}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Paper>
  );
}
