import { AppError } from '@prad/errors';
import type { JsonObject } from '@prad/formats';
import { z } from 'zod';
import type { AdapterArtefact } from './adapter-artefact.js';
import type { AdapterBase } from './base-layout.js';
import type { AdapterFiles } from './peft/peft-method.js';
import { unsupported } from './peft/peft-modules.js';

/** `peft_type` of our own methods. */
export const PRAD = 'PRAD';

const object = z.record(z.string(), z.unknown());

const pradConfig = z.strictObject({
  peft_type: z.literal(PRAD),
  format_version: z.literal(1, { error: 'only version 1 is known' }),
  method: z.string(),
  options: object,
  scope: z.string(),
  base_model_name_or_path: z.string(),
  base_model_digest: z.string(),
  /** The adapter_config.json of PEFT that the adapter was first imported from. */
  peft_config: object.optional(),
});

/** An adapter of any method in PEFT's layout: what the artefact says, with our names of the tensors. */
export function writePrad(artefact: AdapterArtefact): AdapterFiles {
  const { method, options, scope, peftConfig, tensors } = artefact;
  const config: z.infer<typeof pradConfig> = {
    peft_type: PRAD,
    format_version: 1,
    ...{ method, options: { ...options }, scope },
    base_model_name_or_path: artefact.baseModel,
    base_model_digest: artefact.baseDigest,
    ...(peftConfig && { peft_config: peftConfig }),
  };
  return { config, tensors };
}

/** @throws AppError invalid naming the field; conflict `wrong_base_model` for an adapter of another base. */
export function readPrad({ config, tensors }: AdapterFiles, base: AdapterBase): AdapterArtefact {
  const result = pradConfig.safeParse(config);
  const [issue] = result.error?.issues ?? [];
  if (issue !== undefined || !result.success) {
    throw unsupported(issue?.path.join('.') ?? 'peft_type', issue?.message ?? 'unreadable');
  }
  const { method, options, scope, peft_config: peftConfig, ...of } = result.data;
  if (of.base_model_digest !== base.digest) {
    throw wrongBase(of.base_model_name_or_path, of.base_model_digest, base);
  }
  return {
    ...{ method, options, scope, baseDigest: base.digest, baseModel: base.name },
    tensors,
    ...(peftConfig && { peftConfig: peftConfig satisfies JsonObject }),
  };
}

/** An adapter fits the base that it was trained on and no other. */
export function wrongBase(
  name: string,
  digest: string,
  base: Pick<AdapterBase, 'name' | 'digest'>,
): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'wrong_base_model',
    message:
      `the adapter was trained on ${name} (digest ${digest.slice(0, 12)}) and does not fit ` +
      `${base.name} (digest ${base.digest.slice(0, 12)})`,
  });
}
