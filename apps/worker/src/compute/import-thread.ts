import {
  fetchModelSource,
  importBaseModel,
  type ImportProgress,
  type Manifest,
  type Quantisation,
} from '@prad/models';
import { serveCompute } from '@prad/runtime';

/** Where a base model comes from and where it goes. */
export interface ImportParams {
  /** A folder, a .gguf file or hf:organisation/name. */
  readonly source: string;
  /** An empty folder for downloads. */
  readonly downloads: string;
  /** The folder to write; it does not exist. */
  readonly folder: string;
  /** Copies of the weights that are made as well. */
  readonly quantise: readonly Quantisation[];
}

export type ImportEvent =
  | ({ readonly type: 'progress' } & ImportProgress)
  | { readonly type: 'imported'; readonly manifest: Manifest };

const handlers = {
  /** Reads the source and writes the engine's model folder. Weights are converted on this thread. */
  async *import({ source, downloads, folder, quantise }: ImportParams): AsyncGenerator<ImportEvent, void> {
    const path = await fetchModelSource(source, downloads);
    const state: { latest: ImportProgress | undefined; done: boolean; wake: () => void } = {
      latest: undefined,
      done: false,
      wake: () => undefined,
    };
    const onProgress = (progress: ImportProgress): void => {
      state.latest = progress;
      state.wake();
    };
    const importing = importBaseModel(path, folder, { quantise, onProgress }).finally(() => {
      state.done = true;
      state.wake();
    });
    // Its failure is thrown below, once the progress was read.
    importing.catch(() => undefined);
    // Progress that comes faster than it is read is skipped: only the latest is of interest.
    while (!state.done) {
      await new Promise<void>((resolve) => (state.wake = resolve));
      if (state.latest) yield { type: 'progress', ...state.latest };
    }
    yield { type: 'imported', manifest: await importing };
  },
};

/** What the thread answers to. */
export type ImportHandlers = typeof handlers;

serveCompute(handlers);
