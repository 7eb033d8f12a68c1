/** One byte of a text, out of a set of them. */
export interface Bytes {
  /** Bit n for byte n. */
  readonly set: bigint;
  /** The same for the same set. */
  readonly key: string;
}

const bytesOf = (set: bigint): Bytes => ({ set, key: set.toString(16) });
const single = Array.from({ length: 256 }, (_, byte) => bytesOf(1n << BigInt(byte)));

/** A part of a grammar: any of its alternatives. They are made when they are first asked for, so that rules may be recursive. */
export class Rule {
  #alternatives: readonly Sequence[] | undefined;

  constructor(
    /** Where in the schema it comes from. */
    readonly path: string,
    private readonly make: () => readonly Sequence[],
  ) {}

  get alternatives(): readonly Sequence[] {
    return (this.#alternatives ??= this.make());
  }
}

export type GrammarSymbol = Bytes | Rule;
export type Sequence = readonly GrammarSymbol[];

/** One byte from the ranges, each of two characters: `bytes('az', 'AZ')`. */
export function bytes(...ranges: readonly string[]): Bytes {
  let set = 0n;
  for (const range of ranges) {
    for (let byte = range.charCodeAt(0); byte <= range.charCodeAt(1); byte++) set |= 1n << BigInt(byte);
  }
  return bytesOf(set);
}

/** What follows one after the other; texts by their bytes in UTF-8. */
export function sequence(...parts: readonly (string | GrammarSymbol)[]): Sequence {
  const symbols = (text: string) => [...Buffer.from(text)].flatMap((byte) => single[byte] ?? []);
  return parts.flatMap((part) => (typeof part === 'string' ? symbols(part) : [part]));
}
