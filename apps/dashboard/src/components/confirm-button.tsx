import { Button, Popover, Stack, Text, type ButtonProps } from '@mantine/core';
import { useState, type ReactNode } from 'react';

export interface ConfirmButtonProps extends Pick<
  ButtonProps,
  'size' | 'disabled' | 'loading' | 'leftSection'
> {
  /** What happens, as the button's name: `Cancel job`. */
  readonly label: string;
  /** What is lost by it. */
  readonly question: ReactNode;
  readonly confirm: string;
  readonly onConfirm: () => void;
  /** Tells buttons of the same name apart. */
  readonly of?: string;
}

/** A button that asks once more before it does what cannot be undone. */
export function ConfirmButton({ label, question, confirm, onConfirm, of, ...button }: ConfirmButtonProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      width={280}
      position="bottom-end"
      withArrow
      shadow="md"
      trapFocus
    >
      <Popover.Target>
        <Button
          {...button}
          variant="default"
          aria-label={of === undefined ? label : `${label}: ${of}`}
          onClick={() => {
            setOpen((open) => !open);
          }}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <Stack gap="sm">
          <Text size="sm">{question}</Text>
          <Button
            size="xs"
            color="red.9"
            onClick={() => {
              setOpen(false);
              onConfirm();
            }}
          >
            {confirm}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
