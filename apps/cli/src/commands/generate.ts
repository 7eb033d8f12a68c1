import type { CreateCompletion } from '@prad/contracts';
import { print } from '../output/print.js';
import { atServer, type AddCommands } from './command-context.js';
import { numberOption } from './number-option.js';

interface GenerateOptions {
  readonly model: string;
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly stop?: string[];
}

/** prad generate */
export const addGenerate: AddCommands = (program, context) => {
  program
    .command('generate')
    .description('complete a prompt with a base model or an adapter')
    .argument('<prompt>')
    .requiredOption('--model <name>', 'base model or adapter')
    .option('--max-tokens <n>', 'most tokens to generate', numberOption, 128)
    .option('--temperature <n>', '0 is greedy; default 1', numberOption)
    .option('--top-p <n>', 'smallest set of tokens with this probability', numberOption)
    .option('--top-k <n>', 'most likely tokens kept', numberOption)
    .option('--seed <n>', 'repeats an answer', numberOption)
    .option('--stop <text...>', 'the answer ends before the first of these')
    .action(async (prompt: string, options: GenerateOptions) => {
      const stopping = new AbortController();
      process.once('SIGINT', () => {
        stopping.abort();
      });
      await atServer(context, async ({ client }) => {
        try {
          for await (const { choices } of client.streamCompletion(
            requestOf(prompt, options),
            stopping.signal,
          )) {
            process.stdout.write(choices[0]?.text ?? '');
          }
        } catch (error) {
          if (!stopping.signal.aborted) throw error;
        }
        print('');
      });
    });
};

function requestOf(prompt: string, options: GenerateOptions): CreateCompletion {
  const { model, maxTokens, temperature, topP, topK, seed, stop } = options;
  return { model, prompt, max_tokens: maxTokens, temperature, top_p: topP, top_k: topK, seed, stop };
}
