import { Box, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';

export interface PageProps {
  readonly title: string;
  /** The heading, where it shows more than the title. */
  readonly heading?: ReactNode;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A screen: its title for the tab, its heading, what can be done there, and its content. */
export function Page({ title, heading, description, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · PrAd Cluster`;
  }, [title]);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="md" mih={52}>
        <Box maw={820}>
          <Title order={1}>{heading ?? title}</Title>
          {description !== undefined && (
            <Text c="dimmed" size="sm" component="div" mt={2}>
              {description}
            </Text>
          )}
        </Box>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
