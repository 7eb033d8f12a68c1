import { Button, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { storeKey, useKeyWanted } from '../api/access-key.js';

/** Asks for an API key when the API wants one, and then reads everything anew. */
export function KeyPrompt() {
  const isWanted = useKeyWanted();
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (key.trim() === '') return;
    storeKey(key.trim());
    setKey('');
    void client.resetQueries();
  };
  return (
    <Modal
      opened={isWanted}
      onClose={() => undefined}
      title="API key"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            This API wants a key with every request. <code>prad keys create</code> makes one. It is kept in
            this tab until the tab is closed.
          </Text>
          <PasswordInput
            label="Key"
            autoComplete="off"
            data-autofocus
            value={key}
            onChange={({ currentTarget }) => {
              setKey(currentTarget.value);
            }}
          />
          <Button type="submit">Use this key</Button>
        </Stack>
      </form>
    </Modal>
  );
}
