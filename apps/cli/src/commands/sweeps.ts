import type { FineTuningSweepObject } from '@prad/contracts';
import { timeText } from '../output/facts.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type AddCommands } from './command-context.js';

/** prad sweeps list | get | cancel */
export const addSweeps: AddCommands = (program, context) => {
  const sweeps = program.command('sweeps').description('sweeps: jobs that differ in a few settings');
  sweeps
    .command('list')
    .description('list sweeps, the newest first')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.sweeps());
      print(json ? JSON.stringify(list, null, 2) : table(head, list.map(sweepRow)));
    });
  sweeps
    .command('get')
    .description("print a sweep's leaderboard")
    .argument('<sweep id>')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: true }) => {
      const sweep = await atServer(context, ({ client }) => client.sweep(id));
      print(json ? JSON.stringify(sweep, null, 2) : leaderboardText(sweep));
    });
  sweeps
    .command('cancel')
    .description('cancel the runs of a sweep that have not ended')
    .argument('<sweep id>')
    .action(async (id: string) => {
      const { status } = await atServer(context, ({ client }) => client.cancelSweep(id));
      print(status === 'cancelled' ? `${id} is cancelled` : `the runs of ${id} were asked to stop`);
    });
};

const head = ['ID', 'STATUS', 'ENDED', 'MODEL', 'RESULT', 'CREATED'];

function sweepRow(sweep: FineTuningSweepObject): readonly string[] {
  const ended = sweep.leaderboard.filter(({ status }) => hasEnded(status)).length;
  const count = `${ended}/${sweep.leaderboard.length}`;
  return [
    ...[sweep.id, sweep.status, count, sweep.model, sweep.fine_tuned_model ?? ''],
    timeText(sweep.created_at),
  ];
}

/** All runs, the best first. */
function leaderboardText({ leaderboard, status, fine_tuned_model: result }: FineTuningSweepObject): string {
  const rows = leaderboard.map((run, place) => [
    ...[String(place + 1), run.valid_loss?.toFixed(4) ?? '', String(run.learning_rate)],
    ...[run.rank === null ? '' : String(run.rank), String(run.seed), run.status],
    ...[run.progress === null ? '' : `${run.progress.step}/${run.progress.total}`, run.job],
    run.fine_tuned_model ?? run.error ?? '',
  ]);
  const columns = ['', 'VALID LOSS', 'LEARNING RATE', 'RANK', 'SEED', 'STATUS', 'STEP', 'JOB', 'RESULT'];
  return `${table(columns, rows)}\n${status}${result === null ? '' : `: ${result}`}`;
}

function hasEnded(status: string): boolean {
  return ['succeeded', 'failed', 'cancelled'].includes(status);
}
