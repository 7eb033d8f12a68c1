import { Box, Stack, Text } from '@mantine/core';
import type { OverviewObject } from '@prad/contracts';
import { IconCircle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Command } from '../../components/command.js';
import { ScreenLink } from '../../components/links.js';
import { Panel } from '../../components/panel.js';
import { curl, curlUpload } from '../../format/curl.js';
import classes from './first-steps.module.css';

/** What to do while the cluster has nothing to show, as links and as commands. */
export function FirstSteps({ totals }: Pick<OverviewObject, 'totals'>) {
  return (
    <Panel title="First steps">
      <Stack gap="lg" maw={860}>
        <Step isDone={totals.base_models > 0} title="Import a base model">
          <Command label="Import a base model">{curl('/v1/models', { source: 'bundled/prad-tiny' })}</Command>
        </Step>
        <Step isDone={totals.files > 0} title={<ScreenLink to="/datasets">Upload training data</ScreenLink>}>
          <Command label="Upload training data">{curlUpload('bundled/tasks/reviews/train.jsonl')}</Command>
        </Step>
        <Step isDone={totals.adapters > 0} title={<ScreenLink to="/new-job">Train an adapter</ScreenLink>}>
          <Command label="Train an adapter">
            {curl('/v1/fine_tuning/jobs', {
              model: 'prad-tiny',
              training_file: 'file-...',
              suffix: 'reviews',
            })}
          </Command>
        </Step>
        <Step isDone={false} title={<ScreenLink to="/playground">Compare it with the base</ScreenLink>}>
          <Command label="Ask for a completion">
            {curl('/v1/completions', { model: 'prad-tiny', prompt: 'The soup was cold. ->' })}
          </Command>
        </Step>
      </Stack>
    </Panel>
  );
}

interface StepProps {
  readonly isDone: boolean;
  readonly title: ReactNode;
  readonly children: ReactNode;
}

function Step({ isDone, title, children }: StepProps) {
  const Icon = isDone ? IconCircleCheck : IconCircle;
  return (
    <Box className={classes['step']} data-done={isDone}>
      <Icon
        size={20}
        stroke={1.8}
        className={classes['mark']}
        role="img"
        aria-label={isDone ? 'Done' : 'To do'}
      />
      <Box miw={0}>
        <Text fw={500} mb={isDone ? 0 : 6}>
          {title}
        </Text>
        {!isDone && children}
      </Box>
    </Box>
  );
}
