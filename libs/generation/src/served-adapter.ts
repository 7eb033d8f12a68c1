import { AppError } from '@prad/errors';
import type { AdapterArtefact } from '@prad/adapter-files';
import { adapterFor, adaptsAnswers, maskPolicy, type LanguageModel, type LoadedAdapter } from '@prad/nn';
import { sameShape } from '@prad/tensor';

/** An adapter as requests name it: fitted to the base, its tensors in memory. */
export interface ServedAdapter {
  /** Of the artefact's bytes; two adapters with one digest are the same. */
  readonly digest: string;
  /** The mask policy of its prompts. */
  readonly scope: string;
  /** True for the conventional method: its rows decode with the adapter too, apart from all others. */
  readonly adaptsAnswers: boolean;
  readonly loaded: LoadedAdapter;
}

/**
 * Fits an artefact to a model.
 * @throws AppError invalid for an unknown method, option or scope; `invalid_adapter` naming the tensor that is
 * missing, superfluous or of another shape.
 */
export function servedAdapter(
  model: LanguageModel,
  artefact: AdapterArtefact,
  digest: string,
): ServedAdapter {
  const { method, options, scope, tensors } = artefact;
  const adapter = adapterFor(model, method, options);
  maskPolicy(scope);
  for (const { name, shape } of adapter.parameters) {
    const found = tensors.get(name);
    if (found?.dtype === 'float32' && sameShape(found.shape, shape)) continue;
    const got = found ? `${found.dtype} [${found.shape.join(', ')}]` : 'nothing';
    throw invalidAdapter(`tensor ${name}: float32 [${shape.join(', ')}] expected, got ${got}`);
  }
  const known = new Set(adapter.parameters.map(({ name }) => name));
  const unknown = [...tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined)
    throw invalidAdapter(`tensor ${unknown} belongs to no place of method ${method}`);
  return { digest, scope, adaptsAnswers: adaptsAnswers(scope), loaded: { adapter, tensors } };
}

function invalidAdapter(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_adapter', message });
}
