import { Group, MultiSelect, Select } from '@mantine/core';
import { adaptersOf, type ChosenModels, type KnownModels } from './models.js';

const MOST_ADAPTERS = 5;

export interface ModelChoiceProps {
  readonly known: KnownModels;
  readonly chosen: ChosenModels;
  readonly onChange: (chosen: ChosenModels) => void;
}

/** Which base answers, and which of its adapters beside it. */
export function ModelChoice({ known, chosen: { base, adapters }, onChange }: ModelChoiceProps) {
  const offered = adaptersOf(known, base);
  return (
    <Group align="flex-start" gap="md">
      <Select
        label="Base"
        w={240}
        allowDeselect={false}
        data={[...known.bases]}
        value={base}
        onChange={(chosen) => {
          if (chosen !== null) onChange({ base: chosen, adapters: [] });
        }}
      />
      <MultiSelect
        label="Adapters"
        placeholder={offered.length === 0 ? 'None is trained on this base yet' : ''}
        flex={1}
        miw={280}
        searchable
        maxValues={MOST_ADAPTERS}
        data={[...offered]}
        value={[...adapters]}
        onChange={(chosen) => {
          onChange({ base, adapters: chosen });
        }}
      />
    </Group>
  );
}
