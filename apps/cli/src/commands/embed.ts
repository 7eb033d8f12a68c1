import { Option } from 'commander';
import type { CreateEmbedding } from '@prad/contracts';
import { print } from '../output/print.js';
import { atServer, type AddCommands } from './command-context.js';

interface EmbedOptions {
  readonly model: string;
  readonly pooling: 'last' | 'mean';
}

/** prad embed */
export const addEmbed: AddCommands = (program, context) => {
  program
    .command('embed')
    .description('vectors of texts by a base model or an adapter: a line of JSON numbers for each')
    .argument('<text...>')
    .requiredOption('--model <name>', 'base model or adapter')
    .addOption(
      new Option('--pooling <pooling>', 'the hidden state of the last token, or the mean of all')
        .choices(['last', 'mean'])
        .default('last'),
    )
    .action(async (input: string[], { model, pooling }: EmbedOptions) => {
      await atServer(context, async ({ client }) => {
        const request: CreateEmbedding = { model, input, pooling };
        const { data } = await client.embed(request);
        for (const { embedding } of data) print(JSON.stringify(embedding));
      });
    });
};
