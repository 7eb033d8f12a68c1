import { AppError } from '@prad/errors';
import type { AdapterArtefact } from '@prad/adapter-files';
import type { Tokenizer } from '@prad/formats';
import { baseWeights, ownTokens, runOnBase, type BaseModel } from '@prad/models';
import {
  adapterFor,
  adaptsAnswers,
  maskPolicy,
  servedGraph,
  servedName,
  type LoadedAdapter,
  type ModelAdapter,
} from '@prad/nn';
import { sameShape, type HostTensor, type TensorOf } from '@prad/tensor';

/** An adapter as requests name it: fitted to the base, in memory as it is served. */
export interface ServedAdapter {
  /** Of the artefact's bytes; two adapters with one digest are the same. */
  readonly digest: string;
  /** The mask policy of its prompts. */
  readonly scope: string;
  /** True for the conventional method: its rows decode with the adapter too, apart from all others. */
  readonly adaptsAnswers: boolean;
  readonly loaded: LoadedAdapter;
  /** Keys and values [P, 2*L*K*D] that lie in a row's slot before its prompt. */
  readonly prefix: TensorOf<'float32'> | undefined;
  /** Its own tokens in front of every prompt. */
  readonly softTokens: readonly number[];
  /** Reads prompts for it: the model's, or one that knows its special tokens. */
  readonly tokenizer: Tokenizer;
}

/** Positions of a sequence that an adapter takes for itself. */
export function positionsOf(adapter: ServedAdapter | undefined): number {
  return (adapter?.prefix?.shape[0] ?? 0) + (adapter?.softTokens.length ?? 0);
}

/**
 * Fits an artefact to a model.
 * @throws AppError invalid for an unknown method, option or scope; `invalid_adapter` naming the tensor that is
 * missing, superfluous or of another shape; `not_servable` for one that needs a head of its own.
 */
export async function servedAdapter(
  model: BaseModel,
  artefact: Pick<AdapterArtefact, 'method' | 'options' | 'scope' | 'tensors'>,
  digest: string,
): Promise<ServedAdapter> {
  const { method, options, scope, tensors } = artefact;
  const adapter = adapterFor(model, method, options);
  maskPolicy(scope);
  requireTensors(adapter, tensors);
  const { virtualTokens } = adapter;
  if (virtualTokens?.tied === true) {
    throw new AppError({
      kind: 'invalid',
      code: 'not_servable',
      message:
        'the adapter has special_tokens_tied: its tokens are rows of the head as well, so it would decode by a model of its own and share no batch; train without special_tokens_tied to serve it',
    });
  }
  const graph = servedGraph(model, adapter, baseWeights(model));
  const served = await runOnBase(model, graph, Object.fromEntries(tensors));
  const { promptTokenizer, inFront } = ownTokens(model, adapter);
  return {
    digest,
    scope,
    // A prefix and soft tokens act through the cache alone.
    adaptsAnswers: adaptsAnswers(scope) && adapter.parts.length > 0,
    loaded: { adapter, served },
    prefix: asFloat32(served.get(servedName.prefix)),
    softTokens: inFront,
    tokenizer: promptTokenizer,
  };
}

function asFloat32(value: HostTensor | undefined): TensorOf<'float32'> | undefined {
  return value?.dtype === 'float32' ? value : undefined;
}

function requireTensors(adapter: ModelAdapter, tensors: ReadonlyMap<string, HostTensor>): void {
  for (const { name, shape } of adapter.parameters) {
    const found = tensors.get(name);
    if (found?.dtype === 'float32' && sameShape(found.shape, shape)) continue;
    const got = found ? `${found.dtype} [${found.shape.join(', ')}]` : 'nothing';
    throw invalidAdapter(`tensor ${name}: float32 [${shape.join(', ')}] expected, got ${got}`);
  }
  const known = new Set(adapter.parameters.map(({ name }) => name));
  const unknown = [...tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined)
    throw invalidAdapter(`tensor ${unknown} belongs to no place of method ${adapter.method}`);
}

function invalidAdapter(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_adapter', message });
}
