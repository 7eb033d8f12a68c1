import type { JsonObject } from './json.js';
import { newAdapterTag } from './ids.js';

/** Small trained weights that belong to one base model. */
export interface Adapter {
  /** The public name, for example `ft:prad-tiny:reviews:ab12cd34`. */
  readonly id: string;
  readonly project: string;
  readonly baseModel: string;
  /** Digest of the base model's weights; the adapter is refused on any other. */
  readonly baseDigest: string;
  readonly method: string;
  readonly options: JsonObject;
  readonly scope: string;
  /** Number of scalar weights. */
  readonly parameterCount: number;
  readonly task: string | null;
  readonly createdAt: Date;
  readonly latest: AdapterVersion;
}

/** One artefact of an adapter; versions are never changed. */
export interface AdapterVersion {
  readonly id: string;
  readonly adapterId: string;
  /** 1, 2, 3, ... within the adapter. */
  readonly version: number;
  /** sha256 of adapter.safetensors in lower-case hex. */
  readonly digest: string;
  readonly blobKey: string;
  readonly bytes: number;
  /** The fine-tuning job that made it; null for an imported adapter. */
  readonly jobId: string | null;
  readonly createdAt: Date;
}

/** An adapter with all that it came from. */
export interface AdapterDetail extends Adapter {
  /** Whether a request that has not ended asks for it. */
  readonly isInUse: boolean;
  /** Newest first. */
  readonly versions: readonly AdapterOrigin[];
  /** By name. */
  readonly aliases: readonly AdapterAlias[];
}

/** A name for one of an adapter's versions. */
export interface AdapterAlias {
  readonly name: string;
  readonly version: number;
  /** The version that it stood for before; null for none. */
  readonly previousVersion: number | null;
  readonly updatedAt: Date;
}

export interface AdapterOrigin extends AdapterVersion {
  /** Id of the data file that the version's job trained on. */
  readonly trainingFile: string | null;
}

/** An adapter as its training describes it: it belongs to the project of the job. */
export type NewAdapter = Omit<Adapter, 'project' | 'createdAt' | 'latest'>;
export type NewAdapterVersion = Pick<AdapterVersion, 'digest' | 'blobKey' | 'bytes'>;

/** A new adapter name in OpenAI's form `ft:<base>:<suffix>:<8 characters>`; the suffix may be empty. */
export function newAdapterName(baseModel: string, suffix: string | null): string {
  return `ft:${baseModel}:${suffix ?? ''}:${newAdapterTag()}`;
}
