import { AppError } from '@prad/errors';

/** A split of a data set of the Hugging Face Hub. */
export interface DatasetReference {
  /** `owner/name`, or `name` of an old data set without owner. */
  readonly dataset: string;
  /** Undefined: the only one, or the one that is called default. */
  readonly config: string | undefined;
  readonly split: string;
}

const pattern = /^hf:((?:[\w.-]+\/)?[\w.-]+?)(?:\/([^/:]+))?:([^/:]+)$/;

/** Reads `hf:owner/name[/config]:split`. Throws invalid. */
export function datasetReference(text: string): DatasetReference {
  const [, dataset, config, split] = pattern.exec(text) ?? [];
  if (dataset === undefined || split === undefined) {
    throw new AppError({
      kind: 'invalid',
      code: 'invalid_dataset_reference',
      message: `expected hf:owner/name:split or hf:owner/name/config:split, got ${JSON.stringify(text)}`,
    });
  }
  return { dataset, config, split };
}

/** A file's name for the rows of a split. */
export function fileNameOf({ dataset, config, split }: DatasetReference): string {
  const parts = [...dataset.split('/'), ...(config === undefined ? [] : [config]), split];
  return `${parts.map((part) => part.replaceAll(/[^\w.-]/g, '_')).join('--')}.jsonl`;
}
