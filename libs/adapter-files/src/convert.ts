import type { AdapterArtefact } from './adapter-artefact.js';
import type { AdapterBase, BaseLayout } from './base-layout.js';
import { fitArtefact } from './fit-artefact.js';
import { FloatTensors, invalidAdapter } from './float-tensors.js';
import { ia3 } from './peft/ia3.js';
import { lora } from './peft/lora.js';
import type { AdapterFiles, PeftMethod } from './peft/peft-method.js';
import { notExpressible, unsupported } from './peft/peft-modules.js';
import { prefixTuning } from './peft/prefix-tuning.js';
import { promptTuning } from './peft/prompt-tuning.js';
import { PRAD, readPrad, writePrad } from './prad-folder.js';

/** Every `peft_type` that can be read and written; a new one adds its line. */
const peftMethods: Readonly<Record<string, PeftMethod>> = {
  LORA: lora,
  IA3: ia3,
  PREFIX_TUNING: prefixTuning,
  PROMPT_TUNING: promptTuning,
};

export const folderFormats = ['peft', 'prad'] as const;
export type FolderFormat = (typeof folderFormats)[number];

/**
 * An adapter of PEFT's or of our own as an artefact for a base. PEFT knows no scope: its adapters act on all positions,
 * and are taken so unless `scope` says otherwise; one that adds to the prompt alone does the same under both scopes
 * and is taken as `prompt`, whose rows share the plain decode. Ours keep their scope.
 *
 * @throws AppError invalid naming the field or the tensor; conflict `wrong_base_model`.
 */
export function readAdapterFolder(files: AdapterFiles, base: AdapterBase, scope?: string): AdapterArtefact {
  const type = files.config['peft_type'];
  const read = type === PRAD ? readPrad(files, base) : readPeft(files, base, scope);
  const artefact = fitArtefact(read, base.layout);
  if (scope !== undefined && artefact.scope !== scope) {
    throw unsupported('scope', `the adapter was trained under ${artefact.scope}, asked for was ${scope}`);
  }
  for (const [name, { dtype, data }] of artefact.tensors) {
    if (dtype === 'float32' && !data.every(Number.isFinite)) {
      throw invalidAdapter(`tensor ${name} holds a value that is no finite number`);
    }
  }
  return artefact;
}

function readPeft({ config, tensors }: AdapterFiles, base: AdapterBase, scope?: string): AdapterArtefact {
  const type = config['peft_type'];
  const found = typeof type === 'string' && Object.hasOwn(peftMethods, type) ? peftMethods[type] : undefined;
  if (found === undefined) {
    const known = [...Object.keys(peftMethods), PRAD].join(', ');
    throw unsupported(
      'peft_type',
      `known are ${known}, got ${type === undefined ? 'nothing' : JSON.stringify(type)}`,
    );
  }
  const file = new FloatTensors(tensors);
  const read = found.read(config, file, base.layout);
  file.end();
  return {
    method: read.method,
    options: read.options,
    scope: scope ?? (found.actsOnPromptAlone ? 'prompt' : 'all'),
    ...{ baseDigest: base.digest, baseModel: base.name, tensors: read.tensors, peftConfig: config },
  };
}

/**
 * An artefact as the two files of a folder. What came from PEFT goes back with the fields that it came with.
 * @throws AppError conflict `not_expressible` for what PEFT has no form of; invalid for an artefact that does not fit.
 */
export function writeAdapterFolder(
  artefact: AdapterArtefact,
  layout: BaseLayout,
  format: FolderFormat,
): AdapterFiles {
  if (format === 'prad') return writePrad(artefact);
  const { method, options, peftConfig } = artefact;
  const found = Object.values(peftMethods).find(({ methods }) => methods.includes(method));
  const tokens = options['special_tokens'];
  if (found === undefined) throw notExpressible(`it has none of the method ${method}`);
  if (Array.isArray(tokens) && tokens.length > 0) throw notExpressible('it has special tokens');
  const files = found.write(fitArtefact(artefact, layout), layout);
  return peftConfig === undefined ? files : { ...files, config: peftConfig };
}
