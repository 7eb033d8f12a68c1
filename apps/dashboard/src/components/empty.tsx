import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Says that there is nothing yet and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap="sm" py="md" maw={760}>
      <Text fw={600}>{title}</Text>
      {children}
    </Stack>
  );
}
