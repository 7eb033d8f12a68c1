import type { Readable } from 'node:stream';

/** What was written. */
export interface Blob {
  readonly key: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ListedBlob {
  readonly key: string;
  readonly bytes: number;
}

/** Part of a blob: from byte `start` to byte `end`, both included; absent means to the end. */
export interface ByteRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/**
 * Named bytes: data sets, checkpoints, adapters, and the folders of base models. A blob is there as a whole or not
 * at all, also after a crash; once a write has returned it survives a power cut. Writing to a key replaces its blob.
 * Writers throw exhausted `disk_full` where there is no room, readers notFound `blob_not_found`,
 * and all invalid `bad_blob_key`.
 */
export abstract class BlobStore {
  abstract put(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<Blob>;

  /** Takes a local file in; `move` may rename it instead of copying. */
  abstract putFile(key: string, path: string, how: 'copy' | 'move'): Promise<Blob>;

  /** Moves a local folder in: its files become `<key>/<name>`. It replaces what was there under the key. */
  abstract putFolder(key: string, path: string): Promise<readonly Blob[]>;

  abstract get(key: string, range?: ByteRange): Promise<Readable>;

  /** A file, or a folder for a key of {@link putFolder}, that stays as it is while the blob is there: to be mapped or read only. */
  abstract localPath(key: string): Promise<string>;

  abstract exists(key: string): Promise<boolean>;

  /** Removes the blob, or everything under a key of {@link putFolder}; nothing there is no error. */
  abstract delete(key: string): Promise<void>;

  /** Blobs whose key is the prefix or lies below it, in the order of their keys; an empty prefix lists all. */
  abstract list(prefix: string): AsyncIterable<ListedBlob>;

  /** Lends an empty local folder from which {@link putFile} and {@link putFolder} move cheaply, and removes it afterwards. */
  abstract withScratch<T>(use: (folder: string) => Promise<T>): Promise<T>;
}
