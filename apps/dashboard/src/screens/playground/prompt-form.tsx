import { Button, Group, NumberInput, Stack, TextInput, Textarea } from '@mantine/core';
import { MAX_SEQUENCES } from '@prad/contracts';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import type { PromptRequest } from './prompt-request.js';

export interface PromptFormProps {
  readonly request: PromptRequest;
  readonly isRunning: boolean;
  readonly onChange: (request: PromptRequest) => void;
  readonly onAsk: () => void;
  readonly onCancel: () => void;
}

const controls = [
  { name: 'max_tokens', label: 'Most tokens', min: 1, max: 1_048_576, step: 16, placeholder: '16' },
  { name: 'temperature', label: 'Temperature', min: 0, max: 2, step: 0.1, placeholder: '1' },
  { name: 'top_p', label: 'Top p', min: 0.01, max: 1, step: 0.05, placeholder: '1' },
  { name: 'top_k', label: 'Top k', min: 0, max: 1_000_000, step: 10, placeholder: 'all' },
  { name: 'num_beams', label: 'Beams', min: 1, max: MAX_SEQUENCES, step: 1, placeholder: '1' },
  { name: 'seed', label: 'Seed', min: 0, max: 2_147_483_647, step: 1, placeholder: 'random' },
] as const;

/** The prompt and the sampling controls; Ctrl-Enter asks. */
export function PromptForm({ request, isRunning, onChange, onAsk, onCancel }: PromptFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onAsk();
      }}
    >
      <Stack gap="md">
        <Textarea
          label="Prompt"
          autosize
          minRows={2}
          maxRows={12}
          required
          value={request.prompt}
          onChange={({ currentTarget }) => {
            onChange({ ...request, prompt: currentTarget.value });
          }}
          onKeyDown={({ key, ctrlKey, metaKey }) => {
            if (key === 'Enter' && (ctrlKey || metaKey) && !isRunning) onAsk();
          }}
        />
        <Group gap="md" align="flex-end">
          {controls.map(({ name, ...control }) => (
            <NumberInput
              key={name}
              {...control}
              w={118}
              allowDecimal={control.step < 1}
              value={request[name]}
              onChange={(value) => {
                onChange({ ...request, [name]: typeof value === 'number' ? value : '' });
              }}
            />
          ))}
          <TextInput
            label="Stop at"
            w={118}
            placeholder="never"
            value={request.stop}
            onChange={({ currentTarget }) => {
              onChange({ ...request, stop: currentTarget.value });
            }}
          />
          {isRunning ? (
            <Button
              variant="default"
              leftSection={<IconPlayerStop size={16} aria-hidden />}
              onClick={onCancel}
              ml="auto"
            >
              Cancel
            </Button>
          ) : (
            <Button type="submit" leftSection={<IconPlayerPlay size={16} aria-hidden />} ml="auto">
              Ask all
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
