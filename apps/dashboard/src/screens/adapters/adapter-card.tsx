import { Badge, Button, Group, Paper, Table as MantineTable, Text, Title } from '@mantine/core';
import type { AdapterObject } from '@prad/contracts';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { download } from '../../api/download.js';
import { remove } from '../../api/http.js';
import { forgetJobs } from '../../api/queries.js';
import { ConfirmButton } from '../../components/confirm-button.js';
import { Facts } from '../../components/facts.js';
import { ButtonLink, JobLink, ScreenLink } from '../../components/links.js';
import { RelativeTime } from '../../components/relative-time.js';
import { Table } from '../../components/table.js';
import { tellDone, tellFailed } from '../../components/tell.js';
import { NONE, bytes, count } from '../../format/numbers.js';
import { AliasForm } from './alias-form.js';

/** One adapter with its versions and what can be done with it. */
export function AdapterCard({ adapter }: { readonly adapter: AdapterObject }) {
  return (
    <Paper component="article" aria-label={adapter.id}>
      <Group justify="space-between" mb="sm">
        <Group gap="sm">
          <Title order={2} ff="monospace" fz="md">
            {adapter.id}
          </Title>
          {adapter.in_use && (
            <Badge variant="default" tt="none" fw={500}>
              in use
            </Badge>
          )}
        </Group>
        <Actions adapter={adapter} />
      </Group>
      <Facts
        of={[
          ['Base', adapter.base],
          ['Method', adapter.method],
          ['Acts on', adapter.scope === 'prompt' ? 'the prompt only' : 'all positions'],
          ['Parameters', count(adapter.parameters)],
          ...Object.entries(adapter.options).map(([name, value]) => [labelOf(name), textOf(value)] as const),
          ['Task', adapter.task ?? NONE],
          ['Created', <RelativeTime key="created" at={adapter.created_at} />],
        ]}
      />
      <Versions of={adapter} />
      <AliasForm of={adapter} />
    </Paper>
  );
}

const columns = [
  { name: 'Version', isNumber: true },
  { name: 'Aliases' },
  { name: 'Size', isNumber: true },
  { name: 'From job' },
  { name: 'From data' },
  { name: 'SHA-256' },
  { name: 'Written' },
];

function Versions({ of: { id, versions, aliases } }: { readonly of: AdapterObject }) {
  return (
    <Table label={`Versions of ${id}`} minWidth={860} columns={columns}>
      {versions.map(({ version, bytes: size, job, training_file: file, digest, created_at }) => (
        <MantineTable.Tr key={version}>
          <MantineTable.Td data-number>{version}</MantineTable.Td>
          <MantineTable.Td>
            {aliases
              .filter((alias) => alias.version === version)
              .map(({ alias }) => alias)
              .join(', ') || NONE}
          </MantineTable.Td>
          <MantineTable.Td data-number>{bytes(size)}</MantineTable.Td>
          <MantineTable.Td>{job === null ? NONE : <JobLink id={job} />}</MantineTable.Td>
          <MantineTable.Td>
            {file === null ? (
              NONE
            ) : (
              <ScreenLink to="/datasets/$id" params={{ id: file }} size="sm" ff="monospace">
                {file}
              </ScreenLink>
            )}
          </MantineTable.Td>
          <MantineTable.Td>
            <Text size="sm" ff="monospace" title={digest}>
              {digest.slice(0, 12)}
            </Text>
          </MantineTable.Td>
          <MantineTable.Td>
            <RelativeTime at={created_at} />
          </MantineTable.Td>
        </MantineTable.Tr>
      ))}
    </Table>
  );
}

function Actions({ adapter: { id, in_use } }: { readonly adapter: AdapterObject }) {
  const client = useQueryClient();
  const path = encodeURIComponent(id);
  const save = useMutation({
    mutationFn: () => download(`/v1/adapters/${path}/content`, `${id.replaceAll(':', '-')}.safetensors`),
    onError: tellFailed(`${id} was not downloaded`),
  });
  const erase = useMutation({
    mutationFn: () => remove(`/v1/models/${path}`),
    onSuccess: () => {
      tellDone(`${id} is deleted.`);
      return forgetJobs(client);
    },
    onError: tellFailed(`${id} was not deleted`),
  });
  return (
    <Group gap="xs">
      <ButtonLink
        to="/playground"
        search={{ adapter: id }}
        variant="default"
        size="xs"
        aria-label={`Try ${id}`}
      >
        Try
      </ButtonLink>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconDownload size={14} aria-hidden />}
        loading={save.isPending}
        aria-label={`Download ${id}`}
        onClick={() => {
          save.mutate();
        }}
      >
        Download
      </Button>
      <ConfirmButton
        label="Delete"
        of={id}
        size="xs"
        disabled={in_use}
        loading={erase.isPending}
        question="Requests that name this adapter will fail from then on. It can only be trained again."
        confirm="Delete this adapter"
        onConfirm={() => {
          erase.mutate();
        }}
      />
    </Group>
  );
}

function labelOf(option: string): string {
  const words = option.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.join(', ') : '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
