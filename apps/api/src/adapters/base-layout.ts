import { baseLayout, type BaseLayout } from '@prad/adapter-files';
import type { ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';

/** The sizes and places of a base model, which its import recorded. Throws conflict `base_model_without_layout`. */
export function layoutOfBase({ id, details }: Pick<ReadyBaseModel, 'id' | 'details'>): BaseLayout {
  const read = baseLayout.safeParse(details['layout']);
  if (read.success) return read.data;
  throw new AppError({
    kind: 'conflict',
    code: 'base_model_without_layout',
    message: `base model ${JSON.stringify(id)} was imported by an older version, which did not record its layers: the next worker that starts with the role import does`,
  });
}
