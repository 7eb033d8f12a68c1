import { ScrollArea, Table, Text } from '@mantine/core';
import { useLiveEvents } from '../../api/live-events.js';
import { RelativeTime } from '../../components/relative-time.js';

/** What happened to a job, the newest on top. */
export function Events({ jobId }: { readonly jobId: string }) {
  const events = useLiveEvents(jobId);
  if (events.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing has happened yet.
      </Text>
    );
  }
  return (
    <ScrollArea.Autosize mah={300} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Events' }}>
      <Table verticalSpacing={6} horizontalSpacing={4}>
        <Table.Tbody>
          {events.toReversed().map(({ id, level, message, created_at }) => (
            <Table.Tr key={id}>
              <Table.Td c={level === 'error' ? 'var(--mantine-color-error)' : 'inherit'}>
                {level === 'info' ? '' : `${level}: `}
                {message}
              </Table.Td>
              <Table.Td c="dimmed" ta="right" style={{ whiteSpace: 'nowrap', verticalAlign: 'top' }}>
                <RelativeTime at={created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}
