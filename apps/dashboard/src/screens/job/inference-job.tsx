import type { JobSummaryObject } from '@prad/contracts';
import { CancelJob } from '../../components/cancel-job.js';
import { Facts } from '../../components/facts.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { RelativeTime } from '../../components/relative-time.js';
import { NONE, count, seconds } from '../../format/numbers.js';
import { JobFailure } from './job-failure.js';
import { JobHeading } from './job-heading.js';

/** A generation request. */
export function InferenceJob({ job }: { readonly job: JobSummaryObject }) {
  const { adapter, model, tokens, created_at, started_at, finished_at } = job;
  return (
    <Page
      title={job.id}
      heading={<JobHeading job={job} />}
      description={<code>{job.id}</code>}
      actions={<CancelJob job={job} />}
    >
      <JobFailure job={job} />
      <Panel title="Request">
        <Facts
          of={[
            ['Base', model],
            ['Adapter', adapter ?? 'none'],
            ['Prompt and answer', tokens === null ? NONE : `${count(tokens)} tokens`],
            ['Created', <RelativeTime key="created" at={created_at} />],
            ['Waited', started_at === null ? NONE : seconds(started_at - created_at)],
            ['Took', started_at === null || finished_at === null ? NONE : seconds(finished_at - started_at)],
          ]}
        />
      </Panel>
    </Page>
  );
}
