import { SimpleGrid, Tabs } from '@mantine/core';
import type { FineTuningJobObject, JobSummaryObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { fineTuningJobQuery, hasEnded } from '../../api/queries.js';
import { CancelJob } from '../../components/cancel-job.js';
import { Facts } from '../../components/facts.js';
import { ButtonLink, ScreenLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { PauseJob } from '../../components/pause-job.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { RelativeTime } from '../../components/relative-time.js';
import { StepProgress } from '../../components/step-progress.js';
import { useNow } from '../../components/use-now.js';
import { NONE, count, seconds } from '../../format/numbers.js';
import { Checkpoints } from './checkpoints.js';
import { Configuration } from './configuration.js';
import { Curves } from './curves.js';
import { Events } from './events.js';
import { JobFailure } from './job-failure.js';
import { JobHeading } from './job-heading.js';

/** A training: its curves as they grow, its story, what it was asked for and what it left. */
export function FineTuningJob({ summary }: { readonly summary: JobSummaryObject }) {
  const { id, adapter } = summary;
  const job = useQuery(fineTuningJobQuery(id));
  const isRunning = !hasEnded(summary.status);
  return (
    <Page
      title={summary.name ?? id}
      heading={<JobHeading job={summary} />}
      description={<code>{id}</code>}
      actions={
        <>
          {adapter !== null && (
            <ButtonLink to="/playground" search={{ adapter }} variant="default">
              Try in the playground
            </ButtonLink>
          )}
          {job.data && <PauseJob job={job.data} />}
          <CancelJob job={summary} />
        </>
      }
    >
      <JobFailure job={summary} />
      <Curves jobId={id} />
      <Loaded of={job} what="The job" height={300}>
        {(data) => (
          <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
            <Summary job={data} />
            <Panel title="Details">
              <Tabs defaultValue="events" keepMounted={false}>
                <Tabs.List mb="sm">
                  <Tabs.Tab value="events">Events</Tabs.Tab>
                  <Tabs.Tab value="configuration">Configuration</Tabs.Tab>
                  <Tabs.Tab value="checkpoints">Checkpoints</Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="events">
                  <Events jobId={id} />
                </Tabs.Panel>
                <Tabs.Panel value="configuration">
                  <Configuration job={data} />
                </Tabs.Panel>
                <Tabs.Panel value="checkpoints">
                  <Checkpoints jobId={id} isRunning={isRunning} />
                </Tabs.Panel>
              </Tabs>
            </Panel>
          </SimpleGrid>
        )}
      </Loaded>
    </Page>
  );
}

function Summary({ job }: { readonly job: FineTuningJobObject }) {
  const { prad } = job;
  const { progress } = prad;
  return (
    <Panel title="Training">
      <Facts
        of={[
          ...(prad.warnings.length > 0 ? [['Warning', prad.warnings.join(' ')] as const] : []),
          [
            'Progress',
            progress === null ? NONE : <StepProgress key="progress" progress={progress} of={job.id} />,
          ],
          ['Trained', job.trained_tokens === null ? NONE : `${count(job.trained_tokens)} tokens`],
          ['Base', job.model],
          [
            job.method.prad.adapter === 'full' ? 'New base model' : 'Adapter',
            job.fine_tuned_model === null ? NONE : <ModelLink key="model" id={job.fine_tuned_model} />,
          ],
          ['Training file', <FileLink key="training" id={job.training_file} />],
          [
            'Validation file',
            job.validation_file === null ? 'none' : <FileLink key="validation" id={job.validation_file} />,
          ],
          ['Created', <RelativeTime key="created" at={job.created_at} />],
          ['Took', <Took key="took" job={job} />],
        ]}
      />
    </Panel>
  );
}

/** To where it answers. */
function ModelLink({ id }: { readonly id: string }) {
  return (
    <ScreenLink to="/playground" search={{ adapter: id }} size="sm" ff="monospace">
      {id}
    </ScreenLink>
  );
}

function FileLink({ id }: { readonly id: string }) {
  return (
    <ScreenLink to="/datasets/$id" params={{ id }} size="sm" ff="monospace">
      {id}
    </ScreenLink>
  );
}

function Took({ job: { prad, finished_at } }: { readonly job: FineTuningJobObject }) {
  const now = useNow();
  if (prad.started_at === null) return NONE;
  return seconds((finished_at ?? now) - prad.started_at);
}
