import { readFile } from 'node:fs/promises';
import type { Quantization } from '@prad/contracts';
import { openBaseModel, type BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { adapterFiles } from '../load/projects.js';
import { withServer, type Server } from '../load/server.js';
import { answerCommands } from './answer-commands.js';
import { CAPACITY, SERVED, type DecodingTask, type ServingSide } from './decoding-task.js';

const LORA = { method: 'lora', options: { rank: 8, init: 'released' }, scope: 'prompt' };
/** A server that was up for a minute has its paths compiled, which takes V8 some dozens of requests. */
const WARM_UP_ROUNDS = 6;
/** Words of one token each behind a space, and the first one at the beginning too. */
const words = 'the of a plain river old stone bridge and small town near its quiet garden where'.split(' ');

/** Our API as users call it over REST, its worker with the weights that the arguments say and the other settings as they are. */
class ApiSide implements ServingSide {
  readonly #random = randomStream(1);

  private constructor(
    private readonly client: ApiClient,
    private readonly base: string,
    private readonly loras: readonly string[],
  ) {}

  static async open(
    { url, database }: Server,
    model: BaseModel,
    quantize: readonly Quantization[],
  ): Promise<ApiSide> {
    const { secret } = await database.apiKeys.create('bench', '');
    const client = new ApiClient(url, secret);
    const { id } = await importModel(client, {
      ...{ source: model.folder, name: model.name, quantize: [...quantize] },
    });
    const loras: string[] = [];
    for (let seed = 0; seed < SERVED.requests; seed++) {
      loras.push((await client.importAdapter(adapterFiles(model, LORA, seed), { model: id })).id);
    }
    const side = new ApiSide(client, id, loras);
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      await side.served();
      await side.adapters();
    }
    return side;
  }

  served(): Promise<number> {
    return this.#answered(this.loras.map(() => this.base));
  }

  adapters(): Promise<number> {
    return this.#answered(this.loras);
  }

  async #answered(models: readonly string[]): Promise<number> {
    const start = performance.now();
    await Promise.all(models.map((model) => this.#answer(model)));
    return (performance.now() - start) / 1000;
  }

  async #answer(model: string): Promise<void> {
    const others = Array.from({ length: SERVED.prompt - 1 }, () => words[this.#random.below(words.length)]);
    const { usage } = await this.client.complete({
      ...{ model, prompt: [words[0], ...others].join(' '), temperature: 0 },
      ...{ min_tokens: SERVED.answer, max_tokens: SERVED.answer },
    });
    const { prompt_tokens: read, completion_tokens: written } = usage;
    if (read === SERVED.prompt && written === SERVED.answer) return;
    throw new Error(`${SERVED.prompt} + ${SERVED.answer} tokens expected, got ${read} + ${written}`);
  }
}

const task = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as DecodingTask;
const model = await openBaseModel(task.modelFolder, 'bench');
const weights = process.argv[3] === 'w8a8' ? 'w8a8' : 'q4';
const settings = {
  ...{ DECODE_WEIGHTS: weights, PREFILL_WEIGHTS: process.argv[4] ?? 'f32' },
  ...{ MAX_MODEL_LEN: String(CAPACITY), INTRA_OP_THREADS: String(task.threads) },
};
await withServer(settings, async (server) => answerCommands(await ApiSide.open(server, model, [weights])));
