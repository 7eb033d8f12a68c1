import type { EngineSettings, GenerateParams } from './generation-messages.js';
import { OpenEngine, type RunListeners } from './open-engine.js';

/** Base models that stay open beside those that are at work; each holds its weights and its cache. */
const KEPT_ENGINES = 2;

/** The open base models of this thread, by folder, which is to say by all that they are. */
export class Engines {
  readonly #open = new Map<string, Promise<OpenEngine>>();

  constructor(
    private readonly settings: EngineSettings,
    private readonly listeners: RunListeners,
  ) {}

  async get(base: GenerateParams['base']): Promise<OpenEngine> {
    const found = this.#open.get(base.folder) ?? OpenEngine.open(base, this.settings, this.listeners);
    // The map's order is that of the last use.
    this.#open.delete(base.folder);
    this.#open.set(base.folder, found);
    try {
      const engine = await found;
      await this.#closeIdle(base.folder);
      return engine;
    } catch (error) {
      this.#open.delete(base.folder);
      throw error;
    }
  }

  async close(): Promise<void> {
    const engines = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    for (const engine of engines) if (engine.status === 'fulfilled') await engine.value.close();
  }

  async #closeIdle(kept: string): Promise<void> {
    for (const [folder, opening] of [...this.#open]) {
      if (this.#open.size <= KEPT_ENGINES) return;
      if (folder === kept) continue;
      const opened = await opening.catch(() => undefined);
      if (opened?.idle !== true || this.#open.get(folder) !== opening) continue;
      this.#open.delete(folder);
      await opened.close();
    }
  }
}
