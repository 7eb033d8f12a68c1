import { modelName } from '@prad/contracts';
import { AppError } from '@prad/errors';

const quantisation = /[-._](q\d\w*|iq\d\w*|f16|f32|bf16)$/;

/**
 * The name of a model that was imported without one: the last part of its source in lower case, without `.gguf` and
 * the quantisation. Throws invalid where nothing is left of it.
 */
export function nameOfSource(source: string): string {
  const last =
    source
      .replace(/^hf:/, '')
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .at(-1) ?? '';
  const name = last
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(quantisation, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  if (modelName.safeParse(name).success) return name;
  throw new AppError({
    kind: 'invalid',
    code: 'model_name_missing',
    message: `no name can be made of the source ${JSON.stringify(source)}: give \`name\``,
    details: { param: 'name' },
  });
}
