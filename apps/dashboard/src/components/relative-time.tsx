import { Tooltip } from '@mantine/core';
import { ago, moment } from '../format/time.js';
import { useNow } from './use-now.js';

/** How long ago a moment was; the moment itself in a tooltip. Seconds since 1970. */
export function RelativeTime({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <Tooltip label={moment(at)}>
      <time dateTime={new Date(at * 1000).toISOString()}>{ago(at, now)}</time>
    </Tooltip>
  );
}
