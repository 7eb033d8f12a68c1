import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { createHash } from 'node:crypto';
import { ChatTemplate, openSafetensors } from '@prad/formats';
import {
  Executor,
  OnnxExecutor,
  servedAdapter,
  type OnnxExecutorOptions,
  type ServedAdapter,
  type StepPlan,
} from '@prad/generation';
import type { BaseModel } from '@prad/models';
import { architectureFor } from '@prad/nn';
import { tensor, type HostTensor } from '@prad/tensor';
import { floats, referenceAdapter, referenceJson } from '../nn/reference.js';

/** A tiny model of test/reference as the engine opens one; it has no tokenizer. */
export interface TinyBase {
  readonly folder: string;
  readonly model: BaseModel;
}

export async function openTiny(folder: string): Promise<TinyBase> {
  const path = fileURLToPath(new URL(`../../reference/${folder}`, import.meta.url));
  const weights = await openSafetensors(`${path}/model.safetensors`);
  await weights.close();
  const model: BaseModel = {
    ...architectureFor(referenceJson(`${folder}/config.json`)),
    folder: path,
    name: folder,
    digest: folder,
    // An adapter with special tokens asks for a tokenizer that knows them.
    tokenizer: { withAddedTokens: () => undefined } as never,
    chatTemplate: ChatTemplate.fromConfig({}),
    endTokens: new Set(),
    dataOf: (name) => {
      const entry = weights.tensors.get(name);
      if (!entry) throw new Error(`no weight ${name}`);
      return { location: 'model.safetensors', offset: entry.byteOffset, length: entry.byteLength };
    },
  };
  return { folder, model };
}

/** An adapter of test/reference, its tensors changed by `change`. */
export async function served(
  { folder, model }: TinyBase,
  name: string,
  scope: 'prompt' | 'all',
  change: (x: number) => number = (x) => x,
): Promise<ServedAdapter> {
  const { adapter, tensors } = await referenceAdapter({ folder, model, weights: new Map() }, name);
  const changed = [...tensors].map(([key, old]): [string, HostTensor] => [
    key,
    tensor('float32', old.shape, floats(old).map(change)),
  ]);
  const hash = createHash('sha256').update(`${name} ${scope}`);
  for (const [, { data }] of changed)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const artefact = {
    method: adapter.method,
    options: { ...adapter.options },
    scope,
    baseDigest: model.digest,
    baseModel: model.name,
    tensors: new Map(changed),
  };
  return servedAdapter(model, artefact, hash.digest('hex'));
}

/** The real executor, remembering what it was asked and what came out. */
export class RecordingExecutor extends Executor {
  readonly plans: StepPlan[] = [];
  readonly #logits = new Map<number, Float32Array[]>();

  private constructor(readonly inner: OnnxExecutor) {
    super();
  }

  static async open(
    { model }: TinyBase,
    options: Omit<OnnxExecutorOptions, 'intraOpThreads'>,
  ): Promise<RecordingExecutor> {
    return new RecordingExecutor(await OnnxExecutor.open(model, { ...options, intraOpThreads: 1 }));
  }

  get slots(): number {
    return this.inner.slots;
  }

  get capacity(): number {
    return this.inner.capacity;
  }

  get chunks(): boolean {
    return this.inner.chunks;
  }

  get tokenBytes(): number {
    return this.inner.tokenBytes;
  }

  get blocks(): OnnxExecutor['blocks'] {
    return this.inner.blocks;
  }

  override async run(plan: StepPlan): ReturnType<OnnxExecutor['run']> {
    this.plans.push(plan);
    const result = await this.inner.run(plan);
    // What comes behind a part of a prompt chooses no token.
    const begun = new Set(
      plan.prefill
        .flat()
        .flatMap(({ request, start, tokens, promptLength }) =>
          start + tokens.length < promptLength ? [request] : [],
        ),
    );
    for (const [request, { values, largest }] of result) {
      if (begun.has(request)) continue;
      this.#logits.set(request, [...(this.#logits.get(request) ?? []), values.slice()]);
      if (largest !== undefined)
        expect(largest).toBe(values.indexOf(values.reduce((a, b) => Math.max(a, b))));
    }
    return result;
  }

  override close(): Promise<void> {
    return this.inner.close();
  }

  /** The logits [V] of a request's tokens. */
  logitsOf(request: number): Float32Array[] {
    return this.#logits.get(request) ?? [];
  }
}
