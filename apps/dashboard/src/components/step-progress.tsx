import { Box, Progress, Text } from '@mantine/core';
import { count } from '../format/numbers.js';

export interface StepProgressProps {
  readonly progress: { readonly step: number; readonly total: number };
  /** The job, for those who cannot see where the bar stands. */
  readonly of: string;
}

/** How many of a job's steps are done. */
export function StepProgress({ progress: { step, total }, of }: StepProgressProps) {
  return (
    <Box miw={110}>
      <Text size="xs" data-numbers>
        {count(step)} / {count(total)} steps
      </Text>
      <Progress.Root size="sm" mt={4}>
        <Progress.Section value={(100 * step) / Math.max(total, 1)} aria-label={`Progress of ${of}`} />
      </Progress.Root>
    </Box>
  );
}
