import { Button, Grid, Group, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { FileObject, FineTuningJobObject } from '@prad/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ApiError } from '../../api/api-error.js';
import { postJson } from '../../api/http.js';
import { forgetJobs } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Panel } from '../../components/panel.js';
import { Problem } from '../../components/problem.js';
import { tellDone } from '../../components/tell.js';
import { curl } from '../../format/curl.js';
import { CostPanel } from './cost-panel.js';
import { AdapterFields, DataFields, LengthFields, OptimiserFields } from './fields.js';
import { fieldOf, firstValues, problemsOf, toRequest, type JobValues } from './job-values.js';

export interface JobFormProps {
  readonly bases: readonly string[];
  readonly files: readonly FileObject[];
  /** The training file that the form was opened for. */
  readonly file: string | undefined;
}

/** What to train, how, and what it will cost. */
export function JobForm({ bases, files, file }: JobFormProps) {
  const form = useForm<JobValues>({
    initialValues: firstValues(bases[0] ?? '', file ?? files[0]?.id ?? ''),
    validate: problemsOf,
    validateInputOnBlur: true,
  });
  const submit = useSubmit((field, message) => {
    form.setFieldError(field, message);
  });
  const values = form.getValues();
  return (
    <form
      onSubmit={form.onSubmit((checked) => {
        submit.mutate(checked);
      })}
      noValidate
    >
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="lg">
            <DataFields form={form} bases={bases} files={files} />
            <LengthFields form={form} />
            <AdapterFields form={form} />
            <OptimiserFields form={form} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="lg" pos="sticky" top={80}>
            <CostPanel values={values} files={files} />
            {submit.error !== null && <Problem title="The job was not submitted" error={submit.error} />}
            <Group>
              <Button type="submit" loading={submit.isPending} fullWidth>
                Submit the job
              </Button>
            </Group>
            <Panel title="The same from a shell">
              <Command label="The job as curl">{curl('/v1/fine_tuning/jobs', toRequest(values))}</Command>
            </Panel>
          </Stack>
        </Grid.Col>
      </Grid>
    </form>
  );
}

/** Submits and opens the job; a field that the API refuses is told at the field. */
function useSubmit(onRefused: (field: string, message: string) => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (values: JobValues) =>
      postJson<FineTuningJobObject>('/v1/fine_tuning/jobs', toRequest(values)),
    onSuccess: async ({ id }) => {
      tellDone(`${id} is submitted.`);
      await forgetJobs(client);
      await navigate({ to: '/jobs/$id', params: { id } });
    },
    onError: (error) => {
      if (error instanceof ApiError && error.param !== null)
        onRefused(fieldOf(error.param.split('.')), error.message);
    },
  });
}
