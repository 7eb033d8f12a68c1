import type { FineTuningJobObject } from '@prad/contracts';
import { jobUpdates } from '../api/event-updates.js';
import { eventLine } from '../output/event-line.js';
import { timeText } from '../output/facts.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type AddCommands } from './command-context.js';

/** prad jobs list | get | pause | resume | cancel | logs */
export const addJobs: AddCommands = (program, context) => {
  const jobs = program.command('jobs').description('fine-tuning jobs');
  jobs
    .command('list')
    .description('list jobs, the newest first')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.jobs());
      print(json ? JSON.stringify(list, null, 2) : table(head, list.map(jobRow)));
    });
  jobs
    .command('get')
    .description('print a job as JSON')
    .argument('<job id>')
    .action(async (id: string) => {
      print(JSON.stringify(await atServer(context, ({ client }) => client.job(id)), null, 2));
    });
  addControls(jobs, context);
  jobs
    .command('logs')
    .alias('events')
    .description("print a job's events")
    .argument('<job id>')
    .option('-f, --follow', 'print further events until the job has ended')
    .action(async (id: string, { follow }: { follow?: true }) => {
      await atServer(context, async ({ client }) => {
        if (follow) {
          for await (const event of jobUpdates(client, id)) print(eventLine(event));
        } else {
          for (const event of await client.jobEvents(id)) print(eventLine(event));
        }
      });
    });
};

/** What stops a job and lets it go on. */
const addControls: AddCommands = (jobs, context) => {
  jobs
    .command('pause')
    .description('stop a job for now; it keeps what it has trained')
    .argument('<job id>')
    .action(async (id: string) => {
      const job = await atServer(context, ({ client }) => client.pauseJob(id));
      print(job.status === 'paused' ? `${id} is paused` : `${id} was asked to pause`);
    });
  jobs
    .command('resume')
    .description('go on with a paused job')
    .argument('<job id>')
    .action(async (id: string) => {
      await atServer(context, ({ client }) => client.resumeJob(id));
      print(`${id} goes on`);
    });
  jobs
    .command('cancel')
    .description('cancel a job that has not ended')
    .argument('<job id>')
    .action(async (id: string) => {
      const job = await atServer(context, ({ client }) => client.cancelJob(id));
      print(job.status === 'cancelled' ? `${id} is cancelled` : `${id} was asked to stop`);
    });
};

const head = ['ID', 'STATUS', 'STEP', 'MODEL', 'RESULT', 'CREATED'];

function jobRow(job: FineTuningJobObject): readonly string[] {
  const { progress } = job.prad;
  const step = progress === null ? '' : `${progress.step}/${progress.total}`;
  const result = job.fine_tuned_model ?? job.error?.message ?? '';
  return [job.id, job.status, step, job.model, result, timeText(job.created_at)];
}
