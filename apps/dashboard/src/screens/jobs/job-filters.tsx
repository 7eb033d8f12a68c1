import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { jobFilterOf, jobStatuses, type JobFilter } from '../../api/job-filter.js';
import { modelsQuery } from '../../api/queries.js';
import { moment } from '../../format/time.js';

export interface JobFiltersProps {
  readonly filter: JobFilter;
  readonly onChange: (filter: JobFilter) => void;
}

const TYPING_MS = 300;
const kinds = [
  { value: 'fine_tuning', label: 'Fine-tuning' },
  { value: 'inference', label: 'Inference' },
];
const statuses = jobStatuses.map((value) => ({ value, label: value.replaceAll('_', ' ') }));
const spans = [
  { value: '-3600', label: 'Last hour' },
  { value: '-86400', label: 'Last 24 hours' },
  { value: '-604800', label: 'Last 7 days' },
];

/** Which jobs are shown: by words, kind, state, model, task and time. */
export function JobFilters({ filter, onChange }: JobFiltersProps) {
  const { data: models } = useQuery(modelsQuery);
  const bases = models?.filter(({ prad }) => prad.kind === 'base').map(({ id }) => id) ?? [];
  // Null and empty values are dropped with what is not understood.
  const change = (values: Readonly<Record<string, unknown>>) => {
    onChange(jobFilterOf({ ...filter, ...values }));
  };
  return (
    <Group gap="sm" align="flex-end">
      <TypedFilter
        label="Search"
        width={230}
        placeholder="Id, name or adapter"
        value={filter.search}
        onChange={(search) => {
          change({ search });
        }}
      />
      <Choice
        label="Kind"
        width={130}
        data={kinds}
        value={filter.kind}
        onChange={(kind) => {
          change({ kind });
        }}
      />
      <Choice
        label="State"
        width={140}
        data={statuses}
        value={filter.status}
        onChange={(status) => {
          change({ status });
        }}
      />
      <Choice
        label="Model"
        width={150}
        data={bases}
        value={filter.model}
        onChange={(model) => {
          change({ model });
        }}
      />
      <TypedFilter
        label="Task"
        width={120}
        placeholder="Any"
        value={filter.task}
        onChange={(task) => {
          change({ task });
        }}
      />
      <SinceFilter
        value={filter.created_after}
        onChange={(created_after) => {
          change({ created_after });
        }}
      />
    </Group>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly width: number;
  readonly data: readonly (string | { readonly value: string; readonly label: string })[];
  readonly value: string | undefined;
  readonly onChange: (value: string | null) => void;
}

function Choice({ label, width, data, value, onChange }: ChoiceProps) {
  return (
    <Select
      label={label}
      w={width}
      size="sm"
      placeholder="Any"
      clearable
      data={[...data]}
      value={value ?? null}
      onChange={onChange}
    />
  );
}

interface TypedFilterProps {
  readonly label: string;
  readonly width: number;
  readonly placeholder: string;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}

/** Words that take effect when typing pauses. */
function TypedFilter({ label, width, placeholder, value, onChange }: TypedFilterProps) {
  const [text, setText] = useState(value ?? '');
  const settle = useDebouncedCallback(onChange, TYPING_MS);
  return (
    <TextInput
      label={label}
      w={width}
      placeholder={placeholder}
      maxLength={200}
      leftSection={label === 'Search' ? <IconSearch size={16} aria-hidden /> : undefined}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        settle(currentTarget.value.trim());
      }}
    />
  );
}

interface SinceFilterProps {
  /** Seconds since 1970. */
  readonly value: number | undefined;
  readonly onChange: (value: number | null) => void;
}

function SinceFilter({ value, onChange }: SinceFilterProps) {
  const present = value === undefined ? [] : [{ value: String(value), label: `Since ${moment(value)}` }];
  return (
    <Choice
      label="Created"
      width={160}
      data={[...spans, ...present]}
      value={value === undefined ? undefined : String(value)}
      onChange={(chosen) => {
        const seconds = Number(chosen);
        // A span is negative and counts from now.
        if (chosen === null) onChange(null);
        else onChange(seconds < 0 ? Math.floor(Date.now() / 1000) + seconds : seconds);
      }}
    />
  );
}
