import { ActionIcon, Box, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './command.module.css';

/** A command for a shell, to be copied. */
export function Command({ label, children }: { readonly label: string; readonly children: string }) {
  return (
    <Box className={classes['command']}>
      <pre className={classes['text']} tabIndex={0} role="region" aria-label={label}>
        <code>{children}</code>
      </pre>
      <CopyButton value={children}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon
              className={classes['copy'] ?? ''}
              variant="default"
              onClick={copy}
              aria-label={copied ? 'Copied' : `Copy: ${label}`}
            >
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Box>
  );
}
