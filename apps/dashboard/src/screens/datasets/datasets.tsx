import { Button, Group, Table as MantineTable, Text } from '@mantine/core';
import type { FileObject } from '@prad/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { filesQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { ButtonLink, ScreenLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { RelativeTime } from '../../components/relative-time.js';
import { Table } from '../../components/table.js';
import { NONE, bytes, count } from '../../format/numbers.js';
import { curlUpload } from '../../format/curl.js';
import { DeleteFile } from './delete-file.js';
import { Upload } from './upload.js';

const columns = [
  { name: 'File' },
  { name: 'Rows', isNumber: true },
  { name: 'Size', isNumber: true },
  { name: 'Uploaded' },
  { name: 'Actions' },
];

/** Files of training examples. */
export function Datasets() {
  const files = useInfiniteQuery(filesQuery);
  const list = files.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Page
      title="Datasets"
      description={
        <>
          Rows of <code>{'{"prompt", "completion"}'}</code>, <code>{'{"messages"}'}</code> or a task, checked
          one by one on upload.
        </>
      }
    >
      <Upload />
      <Panel title="Files">
        <Loaded of={files} what="The files" height={260}>
          {() => (list.length === 0 ? <NoFiles /> : <FileTable files={list} />)}
        </Loaded>
        {files.hasNextPage && (
          <Group justify="center" mt="md">
            <Button
              variant="default"
              loading={files.isFetchingNextPage}
              onClick={() => void files.fetchNextPage()}
            >
              Show more
            </Button>
          </Group>
        )}
      </Panel>
    </Page>
  );
}

function FileTable({ files }: { readonly files: readonly FileObject[] }) {
  return (
    <Table label="Uploaded files" minWidth={760} columns={columns}>
      {files.map(({ id, filename, bytes: size, created_at, prad }) => (
        <MantineTable.Tr key={id}>
          <MantineTable.Td>
            <ScreenLink to="/datasets/$id" params={{ id }} size="sm">
              {filename}
            </ScreenLink>
            <Text size="xs" c="dimmed" ff="monospace">
              {id}
              {prad.task !== null && `, ${prad.task.name}`}
            </Text>
          </MantineTable.Td>
          <MantineTable.Td data-number>{prad.rows === null ? NONE : count(prad.rows)}</MantineTable.Td>
          <MantineTable.Td data-number>{bytes(size)}</MantineTable.Td>
          <MantineTable.Td>
            <RelativeTime at={created_at} />
          </MantineTable.Td>
          <MantineTable.Td>
            <Group gap="xs" wrap="nowrap">
              <ButtonLink
                to="/new-job"
                search={{ file: id }}
                variant="default"
                size="compact-xs"
                aria-label={`Train on ${filename}`}
              >
                Train
              </ButtonLink>
              <DeleteFile id={id} name={filename} size="compact-xs" />
            </Group>
          </MantineTable.Td>
        </MantineTable.Tr>
      ))}
    </Table>
  );
}

function NoFiles() {
  return (
    <Empty title="There is no data yet">
      <Text size="sm">Choose a file above, or upload one from a shell:</Text>
      <Command label="Upload training data">{curlUpload('bundled/tasks/reviews/train.jsonl')}</Command>
    </Empty>
  );
}
