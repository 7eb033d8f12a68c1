import { z } from 'zod';
import { listOf, listQuery } from './pagination.js';

export const jobKinds = ['fine_tuning', 'inference'] as const;
export const jobKind = z.enum(jobKinds);

export const jobStatus = z.enum([
  'validating_files',
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
]);
export type JobStatus = z.infer<typeof jobStatus>;

/** One row of the list of all jobs, whatever their kind. */
export const jobSummary = z
  .object({
    id: z.string(),
    object: z.literal('job'),
    kind: jobKind,
    status: jobStatus,
    name: z.string().nullable().describe('Suffix of a fine-tuning job.'),
    model: z.string().describe('The base model.'),
    adapter: z.string().nullable().describe('The adapter that a job made, or that a request asked for.'),
    task: z.string().nullable(),
    created_at: z.number().int(),
    started_at: z.number().int().nullable(),
    finished_at: z.number().int().nullable(),
    progress: z.object({ step: z.number().int(), total: z.number().int() }).nullable(),
    tokens: z.number().int().nullable().describe('Trained tokens, or prompt and answer of a request.'),
    cancel_requested: z.boolean(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Job' });
export type JobSummaryObject = z.infer<typeof jobSummary>;

const second = z.coerce.number().int().min(0).max(253_402_300_799);

/** Which jobs; also of the live stream, which sends a job again whenever it changes. */
export const jobFilter = z.strictObject({
  kind: jobKind.optional(),
  status: jobStatus.optional(),
  model: z.string().min(1).optional().describe('Name of a base model.'),
  task: z.string().min(1).optional(),
  search: z.string().min(1).max(200).optional().describe('Part of an id, a suffix or an adapter’s name.'),
  created_after: second.optional().describe('Seconds since 1970.'),
  created_before: second.optional().describe('Seconds since 1970.'),
});
export type JobFilter = z.infer<typeof jobFilter>;

export const jobListQuery = listQuery.extend(jobFilter.shape);
export type JobListQuery = z.infer<typeof jobListQuery>;

export const jobList = listOf(jobSummary, 'JobList');
export type JobListObject = z.infer<typeof jobList>;
