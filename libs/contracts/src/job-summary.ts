import { z } from 'zod';
import { listOf, listQuery } from './pagination.js';

export const jobKinds = ['fine_tuning', 'inference'] as const;
export const jobKind = z.enum(jobKinds);

export const jobStatus = z.enum([
  'validating_files',
  'queued',
  'running',
  'paused',
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

/**
 * Which changes the live stream sends: a job whenever it was made or has changed. A status is no filter of it, for a
 * client must hear of a job that leaves the status that it shows.
 */
export const jobStreamQuery = z.strictObject({
  kind: jobKind.optional(),
  model: z.string().min(1).optional().describe('Name of a base model.'),
  task: z.string().min(1).optional(),
  search: z.string().min(1).max(200).optional().describe('Part of an id, a suffix or an adapter’s name.'),
  created_after: second.optional().describe('Seconds since 1970, inclusive.'),
  created_before: second.optional().describe('Seconds since 1970, exclusive.'),
});
export type JobStreamQuery = z.infer<typeof jobStreamQuery>;

export const jobListQuery = listQuery.extend({ ...jobStreamQuery.shape, status: jobStatus.optional() });
export type JobListQuery = z.infer<typeof jobListQuery>;

export const jobList = listOf(jobSummary, 'JobList');
export type JobListObject = z.infer<typeof jobList>;
