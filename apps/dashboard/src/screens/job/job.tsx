import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { jobQuery } from '../../api/queries.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { FineTuningJob } from './fine-tuning-job.js';
import { InferenceJob } from './inference-job.js';

const route = getRouteApi('/jobs/$id');

/** One job, of either kind. */
export function Job() {
  const { id } = route.useParams();
  const job = useQuery(jobQuery(id));
  if (job.data === undefined) {
    return (
      <Page title={id}>
        <Loaded of={job} what="The job" height={560}>
          {() => null}
        </Loaded>
      </Page>
    );
  }
  return job.data.kind === 'fine_tuning' ? (
    <FineTuningJob key={id} summary={job.data} />
  ) : (
    <InferenceJob job={job.data} />
  );
}
