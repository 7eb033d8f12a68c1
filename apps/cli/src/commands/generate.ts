import { Option } from 'commander';
import type { CreateCompletion } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';
import { print } from '../output/print.js';
import { addBeamOptions, askedBeams, type BeamOptions } from './beam-options.js';
import { atServer, type AddCommands, type CommandContext } from './command-context.js';
import { addJsonOptions, askedFormat, type JsonOptions } from './json-options.js';
import { numberOption } from './number-option.js';

interface GenerateOptions extends BeamOptions, JsonOptions {
  readonly model: string;
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly minTokens?: number;
  readonly n?: number;
  readonly bestOf?: number;
  readonly seed?: number;
  readonly stop?: string[];
  readonly decodeWeights?: string;
}

/** prad generate */
export const addGenerate: AddCommands = (program, context) => {
  const command = program
    .command('generate')
    .description('complete a prompt with a base model or an adapter')
    .argument('<prompt>')
    .requiredOption('--model <name>', 'base model or adapter')
    .option('--max-tokens <n>', 'most tokens to generate', numberOption, 128)
    .option('--temperature <n>', '0 is greedy; default 1', numberOption)
    .option('--top-p <n>', 'smallest set of tokens with this probability', numberOption)
    .option('--top-k <n>', 'most likely tokens kept', numberOption)
    .option('--min-p <n>', 'least probability, as a share of the likeliest token’s', numberOption)
    .option('--repetition-penalty <n>', 'above 1: against tokens of prompt and answer', numberOption)
    .option(
      '--frequency-penalty <n>',
      'above 0: against tokens by how often the answer has them',
      numberOption,
    )
    .option('--presence-penalty <n>', 'above 0: against tokens that the answer has', numberOption)
    .option('--min-tokens <n>', 'the answer does not end before so many', numberOption)
    .option(
      '-n <n>',
      'answers, each sampled on its own, or the best of a beam search; default 1',
      numberOption,
    )
    .option('--best-of <n>', 'answers that are sampled, of which the likeliest n are given', numberOption)
    .option('--seed <n>', 'repeats an answer', numberOption)
    .option('--stop <text...>', 'the answer ends before the first of these');
  addJsonOptions(command);
  addBeamOptions(command, '1')
    .addOption(
      new Option(
        '--decode-weights <weights>',
        'weights that decode steps multiply by, where no server runs yet; default DECODE_WEIGHTS, or f32',
      ).choices(['f32', 'q8', 'q4', 'w8a8']),
    )
    .action(async (prompt: string, options: GenerateOptions) => {
      const stopping = new AbortController();
      process.once('SIGINT', () => {
        stopping.abort();
      });
      await atServer(decodingWith(options.decodeWeights, context), async ({ client, isPrivate }) => {
        if (options.decodeWeights !== undefined && !isPrivate) throw serverRuns(options.decodeWeights);
        const request = { ...requestOf(prompt, options), response_format: await askedFormat(options) };
        await write(answersOf(client, request, stopping.signal), options.n ?? 1, stopping.signal);
      });
    });
};

/** Parts of answers, by the place of each. */
interface Texts {
  readonly choices: readonly { readonly index: number; readonly text: string }[];
}

/** As they come; the best of more than are given are known at the end. */
async function* answersOf(
  client: ApiClient,
  request: CreateCompletion,
  signal: AbortSignal,
): AsyncGenerator<Texts, void> {
  if (request.best_of === undefined) yield* client.streamCompletion(request, signal);
  else yield await client.complete(request, signal);
}

/** One answer is written as it comes, several at the end with a line between them; what there is where it is aborted. */
async function write(texts: AsyncIterable<Texts>, n: number, signal: AbortSignal): Promise<void> {
  const later: string[] = [];
  try {
    for await (const { choices } of texts) {
      for (const { index, text } of choices) {
        if (n === 1) process.stdout.write(text);
        else later[index] = `${later[index] ?? ''}${text}`;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  print(later.join('\n---\n'));
}

/** The worker of a server that this command starts is told by its environment. */
function decodingWith(weights: string | undefined, context: CommandContext): CommandContext {
  if (weights === undefined) return context;
  const { settings } = context;
  const environment = { ...settings.environment, DECODE_WEIGHTS: weights };
  return { ...context, settings: { ...settings, environment } };
}

function serverRuns(weights: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'server_runs',
    message:
      '--decode-weights is for a server of this command alone, but one is running and its workers decode as they were ' +
      `started: leave the option out, or start the server with DECODE_WEIGHTS=${weights}`,
  });
}

function requestOf(prompt: string, options: GenerateOptions): CreateCompletion {
  const { model, maxTokens, minTokens, temperature, topP, topK, minP, n, seed, stop } = options;
  return {
    ...{ model, prompt, max_tokens: maxTokens, min_tokens: minTokens, n, seed, stop },
    ...{ temperature, top_p: topP, top_k: topK, min_p: minP },
    repetition_penalty: options.repetitionPenalty,
    frequency_penalty: options.frequencyPenalty,
    presence_penalty: options.presencePenalty,
    best_of: options.bestOf,
    ...askedBeams(options),
  };
}
