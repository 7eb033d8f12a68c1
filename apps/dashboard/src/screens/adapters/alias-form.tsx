import { Button, Group, Select, TextInput } from '@mantine/core';
import type { AdapterAliasObject, AdapterObject } from '@prad/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { postJson } from '../../api/http.js';
import { forgetJobs } from '../../api/queries.js';
import { tellDone, tellFailed } from '../../components/tell.js';

/** Lets an alias stand for a version: what promotes one, and rolls back. */
export function AliasForm({ of: { id, versions } }: { readonly of: AdapterObject }) {
  const client = useQueryClient();
  const [alias, setAlias] = useState('production');
  const [version, setVersion] = useState(String(versions[0]?.version ?? 1));
  const set = useMutation({
    mutationFn: () =>
      postJson<AdapterAliasObject>(`/v1/adapters/${encodeURIComponent(id)}/aliases`, {
        alias,
        version: Number(version),
      }),
    onSuccess: (made) => {
      tellDone(`${id}@${made.alias} is version ${made.version}.`);
      return forgetJobs(client);
    },
    onError: tellFailed(`${id}@${alias} was not changed`),
  });
  return (
    <Group
      component="form"
      align="end"
      gap="sm"
      mt="sm"
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate();
      }}
    >
      <TextInput
        label="Alias"
        size="xs"
        value={alias}
        onChange={(event) => {
          setAlias(event.currentTarget.value);
        }}
      />
      <Select
        label="Stands for version"
        size="xs"
        data={versions.map((each) => String(each.version))}
        value={version}
        allowDeselect={false}
        onChange={(value) => {
          if (value !== null) setVersion(value);
        }}
      />
      <Button
        type="submit"
        variant="default"
        size="xs"
        loading={set.isPending}
        aria-label={`Set alias of ${id}`}
      >
        Set
      </Button>
    </Group>
  );
}
