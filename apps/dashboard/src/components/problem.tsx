import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import classes from './problem.module.css';

export interface ProblemProps {
  /** What did not work, for example `The jobs could not be read`. */
  readonly title: string;
  readonly error: Error;
  readonly retry?: () => void;
}

/** What went wrong in the API's words, with a way to try again. */
export function Problem({ title, error, retry }: ProblemProps) {
  return (
    <Alert
      role="alert"
      className={classes['problem'] ?? ''}
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={title}
      variant="default"
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">{error.message}</Text>
        {retry !== undefined && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
