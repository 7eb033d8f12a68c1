import { Text } from '@mantine/core';
import type { FileObject, ModelObject } from '@prad/contracts';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { filesQuery, modelsQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { ScreenLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { curl } from '../../format/curl.js';
import { JobForm } from './job-form.js';

const route = getRouteApi('/new-job');

/** Submits a fine-tuning job. */
export function NewJob() {
  const models = useQuery(modelsQuery);
  const files = useInfiniteQuery(filesQuery);
  return (
    <Page
      title="New fine-tuning job"
      description="Trains one adapter for a base model, which itself stays as it is."
    >
      <Loaded of={models} what="The models" height={560}>
        {(list) => (
          <Loaded of={files} what="The files" height={560}>
            {({ pages }) => <Form models={list} files={pages.flatMap(({ data }) => data)} />}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

function Form({
  models,
  files,
}: {
  readonly models: readonly ModelObject[];
  readonly files: readonly FileObject[];
}) {
  const { file } = route.useSearch();
  const bases = models.flatMap(({ id, prad }) =>
    prad.kind === 'base' && prad.status === 'ready' ? [id] : [],
  );
  if (bases.length === 0) {
    return (
      <Empty title="There is no base model yet">
        <Text size="sm">Import one to train adapters on:</Text>
        <Command label="Import a base model">{curl('/v1/models', { source: 'bundled/prad-tiny' })}</Command>
      </Empty>
    );
  }
  if (files.length === 0) {
    return (
      <Empty title="There is no data yet">
        <Text size="sm">
          <ScreenLink to="/datasets" underline="always">
            Upload a training file
          </ScreenLink>{' '}
          first.
        </Text>
      </Empty>
    );
  }
  return <JobForm bases={bases} files={files} file={file} />;
}
