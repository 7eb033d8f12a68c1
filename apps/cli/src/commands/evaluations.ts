import type { EvaluationObject } from '@prad/contracts';
import { evaluationUpdates } from '../api/event-updates.js';
import { showScores } from '../evaluation/show-scores.js';
import { eventLine } from '../output/event-line.js';
import { timeText } from '../output/facts.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type AddCommands } from './command-context.js';

/** prad evaluations list | get | cancel | logs */
export const addEvaluations: AddCommands = (program, context) => {
  const evaluations = program.command('evaluations').description('evaluations that `prad eval` started');
  evaluations
    .command('list')
    .description('list evaluations, the newest first')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.evaluations());
      print(json ? JSON.stringify(list, null, 2) : table(head, list.map(evaluationRow)));
    });
  evaluations
    .command('get')
    .description("print an evaluation's scores, or how far it is")
    .argument('<evaluation id>')
    .option('--json', 'print the whole evaluation as JSON')
    .action(async (id: string, { json }: { json?: true }) => {
      const evaluation = await atServer(context, ({ client }) => client.evaluation(id));
      if (json) print(JSON.stringify(evaluation, null, 2));
      else if (evaluation.result === null) print(table(head, [evaluationRow(evaluation)]));
      else showScores(evaluation);
    });
  evaluations
    .command('cancel')
    .description('cancel an evaluation that has not ended')
    .argument('<evaluation id>')
    .action(async (id: string) => {
      const { status } = await atServer(context, ({ client }) => client.cancelEvaluation(id));
      print(status === 'cancelled' ? `${id} is cancelled` : `${id} was asked to stop`);
    });
  evaluations
    .command('logs')
    .alias('events')
    .description("print an evaluation's events")
    .argument('<evaluation id>')
    .option('-f, --follow', 'print further events until the evaluation has ended')
    .action(async (id: string, { follow }: { follow?: true }) => {
      await atServer(context, async ({ client }) => {
        if (follow) {
          for await (const event of evaluationUpdates(client, id)) print(eventLine(event));
        } else {
          for (const event of await client.evaluationEvents(id)) print(eventLine(event));
        }
      });
    });
};

const head = ['ID', 'STATUS', 'ANSWERS', 'MODELS', 'METRICS', 'CREATED'];

function evaluationRow(evaluation: EvaluationObject): readonly string[] {
  const { id, status, progress, models, metrics, created_at } = evaluation;
  const answers = progress === null ? '' : `${progress.done}/${progress.total}`;
  const names = models.map(({ model }) => model).join(', ');
  return [id, status, answers, names, metrics.join(', '), timeText(created_at)];
}
