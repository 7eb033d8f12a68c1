import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type AddCommands } from './command-context.js';

interface ScoreOptions {
  readonly model: string;
  readonly choice: string[];
  readonly endToken: boolean;
  readonly json?: true;
}

/** prad score */
export const addScore: AddCommands = (program, context) => {
  program
    .command('score')
    .description(
      'how likely given answers to a prompt are, by a base model or an adapter: the most likely first',
    )
    .argument('<prompt>')
    .requiredOption('--model <name>', 'base model or adapter')
    .requiredOption(
      '--choice <text...>',
      'candidate answers; each follows the prompt as it is, so give the blank in front',
    )
    .option('--no-end-token', 'leave out the end token, with which answers go on in training')
    .option('--json', 'the server’s answer as JSON')
    .action(async (prompt: string, { model, choice: choices, endToken, json }: ScoreOptions) => {
      await atServer(context, async ({ client }) => {
        const scores = await client.score({ model, prompt, choices, end_token: endToken });
        if (json) {
          print(JSON.stringify(scores));
          return;
        }
        const found = scores.data.flatMap((item) => item.choices);
        const rows = [...found]
          .sort((a, b) => b.probability - a.probability)
          .map((choice) => [
            JSON.stringify(choice.text),
            `${(100 * choice.probability).toFixed(1)} %`,
            ...[choice.log_probability, choice.mean_log_probability].map((nats) => nats.toFixed(3)),
            String(choice.tokens),
          ]);
        print(table(['choice', 'probability', 'log', 'log a token', 'tokens'], rows));
      });
    });
};
