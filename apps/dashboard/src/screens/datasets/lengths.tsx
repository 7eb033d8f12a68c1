import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { FilePreviewObject, LengthDistribution } from '@prad/contracts';
import { count, measured, plural } from '../../format/numbers.js';
import { Histogram } from './histogram.js';

type Lengths = NonNullable<FilePreviewObject['token_lengths']>;

const parts = [
  ['prompt', 'Prompt'],
  ['completion', 'Completion'],
  ['total', 'Whole example'],
] as const;

/** How long prompts, completions and whole examples are. */
export function Lengths({ of: lengths }: { readonly of: Lengths }) {
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing="xl">
        {parts.map(([part, name]) => (
          <Length key={part} name={name} of={lengths[part]} />
        ))}
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        Counted in {plural(lengths.sampled_rows, 'row')} with the tokenizer of {lengths.model}.
      </Text>
    </Stack>
  );
}

function Length({ name, of }: { readonly name: string; readonly of: LengthDistribution }) {
  const { min, median, p95, max, bins } = of;
  const summary = `median ${measured(median)}, 95 % up to ${measured(p95)}, ${count(min)} to ${count(max)} tokens`;
  return (
    <Stack gap={4} miw={0}>
      <Text size="sm" fw={600}>
        {name}
      </Text>
      <Text size="xs" c="dimmed" data-numbers>
        {summary}
      </Text>
      <Histogram bins={bins} label={`${name}: ${summary}`} />
    </Stack>
  );
}
