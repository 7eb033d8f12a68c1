/** What two engines of one model do side by side; a JSON file between the processes. */
export interface DecodingTask {
  /** A folder that `importBaseModel` wrote. */
  readonly modelFolder: string;
  /** The GGUF file that it was imported from. */
  readonly ggufFile: string;
  /** node-llama-cpp's folder. */
  readonly llamaCpp: string;
  readonly vocabSize: number;
  readonly threads: number;
}

/** Rows that decode together, and the steps that are timed. */
export const DECODE = { slots: 16, prompt: 16, steps: 20 } as const;
/** Prompts that are read together. */
export const PREFILL = { rows: 4, tokens: 128 } as const;
/** Requests from the first to the last token. */
export const SERVED = { requests: 8, prompt: 32, answer: 32 } as const;
/** Positions of a slot. */
export const CAPACITY = 192;

/** The commands of a side that answers requests, each of which answers with one number. */
export interface ServingSide {
  /** Seconds until all requests at once are answered. */
  served(): Promise<number>;
  /** The same where each request has an adapter of its own. */
  adapters(): Promise<number>;
}

/** The commands of an engine. */
export interface DecodingSide extends ServingSide {
  /** Seconds of a decode step of so many rows, the median of some. */
  decode(rows: number): Promise<number>;
  /** Seconds in which the prompts are read. */
  prefill(): Promise<number>;
  /** Resident memory in bytes. */
  resident(): Promise<number>;
}
