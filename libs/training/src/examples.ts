import type { TokenExample } from '@prad/formats';

/** Tokenised examples by index; an array is one. */
export interface Examples {
  readonly length: number;
  at(index: number): TokenExample | undefined;
}

const CHUNK_TOKENS = 1 << 20;

/** Many examples in little memory: four bytes a token, in chunks, so that growing copies nothing. */
export class TokenDataset implements Examples {
  readonly #chunks: Int32Array[] = [];
  /** Where each example begins (chunk, offset), how long it is, and how much of it is prompt. */
  readonly #places: Int32Array[] = [];
  #room = 0;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  add({ tokens, promptLength }: TokenExample): void {
    if (tokens.length > this.#room) this.#grow(Math.max(CHUNK_TOKENS, tokens.length));
    const chunk = this.#chunks.length - 1;
    const current = this.#chunks[chunk] ?? new Int32Array();
    const offset = current.length - this.#room;
    current.set(tokens, offset);
    this.#room -= tokens.length;
    const place = this.#count++ % PLACES;
    if (place === 0) this.#places.push(new Int32Array(4 * PLACES));
    this.#places.at(-1)?.set([chunk, offset, tokens.length, promptLength], 4 * place);
  }

  at(index: number): TokenExample | undefined {
    if (index < 0 || index >= this.#count) return undefined;
    const start = 4 * (index % PLACES);
    const [chunk = 0, offset = 0, length = 0, promptLength = 0] =
      this.#places[Math.floor(index / PLACES)]?.subarray(start, start + 4) ?? [];
    return { tokens: Array.from(this.#chunks[chunk]?.subarray(offset, offset + length) ?? []), promptLength };
  }

  #grow(size: number): void {
    this.#chunks.push(new Int32Array(size));
    this.#room = size;
  }
}

const PLACES = 1 << 16;
