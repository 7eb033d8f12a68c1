import { refused } from './refused.js';
import { bytes, Rule, type Bytes, type GrammarSymbol, type Sequence } from './symbols.js';

/** Most characters of a grammar: the engine compiles each in up to 20 microseconds, and nobody is answered meanwhile. */
const MAX_CHARACTERS = 32_768;
/** Most rules, and most alternatives of one of them. */
const MAX_RULES = 4_096;
const MAX_ALTERNATIVES = 4_096;
/** Most symbols of all alternatives, before what they share is written once: working that out takes time, too. */
const MAX_SYMBOLS = 65_536;

/** What a text may begin with, and whether it may be empty. */
interface First {
  readonly set: bigint;
  readonly empty: boolean;
}

/**
 * Writes a rule, and those that it needs, as the EBNF that the engine reads. No two alternatives of a rule begin alike: what they
 * have in common is written once, and the rules that they begin with are written out as far as it takes to tell them apart. For
 * the engine merges states behind equal beginnings, and accepts what no alternative has.
 * @throws AppError invalid `invalid_json_schema` where nothing tells alternatives apart, where no text has an end, and where the
 *   grammar becomes too large.
 */
export function writeGrammar(root: Rule): string {
  return new GrammarWriter(root).write();
}

class GrammarWriter {
  readonly #finite: ReadonlySet<Rule>;
  readonly #firsts = new Map<Rule, First | undefined>();
  /** Numbers of rules, for names of what is made of them. */
  readonly #ids = new Map<Rule, number>();
  /** The written rules by what they are made of. */
  readonly #names = new Map<string, string>();
  readonly #waiting: {
    readonly name: string;
    readonly sequences: readonly Sequence[];
    readonly path: string;
  }[] = [];

  constructor(private readonly root: Rule) {
    const rules = reachable(root);
    this.#finite = finite(rules);
    if (!this.#finite.has(root)) throw refused(root.path, 'has no value that ends');
    for (const rule of rules) if (this.#finite.has(rule)) this.#first(rule);
  }

  write(): string {
    let written = 'root ::= r0\n';
    this.#nameOf(this.#alternatives(this.root), this.root.path);
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      written += `${next.name} ::= ${this.#body(next.sequences, next.path)}\n`;
      if (written.length > MAX_CHARACTERS) throw tooLarge(next.path);
    }
    return written;
  }

  /** Alternatives that have an end. */
  #alternatives(rule: Rule): readonly Sequence[] {
    return rule.alternatives.filter((one) =>
      one.every((symbol) => !isRule(symbol) || this.#finite.has(symbol)),
    );
  }

  #nameOf(sequences: readonly Sequence[], path: string): string {
    const [only, ...others] = sequences;
    const [head, ...tail] = only ?? [];
    // Another name of the same rule.
    if (head && isRule(head) && tail.length + others.length === 0)
      return this.#nameOf(this.#alternatives(head), head.path);
    const key = sequences.map((one) => this.#keyOf(one)).join('|');
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = `r${this.#names.size}`;
    if (this.#names.size >= MAX_RULES) throw tooLarge(path);
    this.#names.set(key, name);
    this.#waiting.push({ name, sequences, path });
    return name;
  }

  #keyOf(one: Sequence): string {
    return one.map((symbol) => this.#keyOfSymbol(symbol)).join(' ');
  }

  #keyOfSymbol(symbol: GrammarSymbol): string {
    if (!isRule(symbol)) return symbol.key;
    const id = this.#ids.get(symbol) ?? this.#ids.size;
    this.#ids.set(symbol, id);
    return `r${id}`;
  }

  #body(sequences: readonly Sequence[], path: string): string {
    const written = this.#toldApart(sequences, path).map((group) => {
      const shared = commonBeginning(group, (symbol) => this.#keyOfSymbol(symbol));
      const rests = this.#distinct(group.map((one) => one.slice(shared)));
      const beginning = this.#spell(group[0]?.slice(0, shared) ?? []);
      return rests.length === 1 ? beginning : [...beginning, this.#nameOf(rests, path)];
    });
    return written.map((parts) => (parts.length === 0 ? '""' : parts.join(' '))).join(' | ');
  }

  /** Groups of sequences that begin with the same symbol; no text begins as those of two groups do. */
  #toldApart(sequences: readonly Sequence[], path: string): readonly (readonly Sequence[])[] {
    let current = this.#distinct(sequences);
    for (;;) {
      if (current.length > MAX_ALTERNATIVES) throw tooLarge(path);
      const groups = this.#byHead(current);
      const alike = this.#alike(groups);
      if (!alike) return groups;
      const heads = new Set(alike.flatMap(([one]) => (one?.[0] && isRule(one[0]) ? [one[0]] : [])));
      if (heads.size === 0) throw cannotTell(path);
      current = this.#distinct(current.flatMap((one) => this.#writtenOut(one, heads)));
    }
  }

  #byHead(sequences: readonly Sequence[]): readonly (readonly Sequence[])[] {
    const groups = new Map<string, Sequence[]>();
    for (const one of sequences) {
      const key = this.#keyOf(one.slice(0, 1));
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    return [...groups.values()];
  }

  /** Two groups of which a text may begin alike. */
  #alike(groups: readonly (readonly Sequence[])[]): readonly (readonly Sequence[])[] | undefined {
    const firsts = groups.map((group) => group.map((one) => this.#firstOf(one)).reduce(either, nothing));
    let seen = nothing;
    for (const [place, first] of firsts.entries()) {
      if (overlaps(seen, first)) {
        const other = firsts.findIndex((before) => overlaps(before, first));
        return [groups[other] ?? [], groups[place] ?? []];
      }
      seen = either(seen, first);
    }
    return undefined;
  }

  #writtenOut(one: Sequence, heads: ReadonlySet<Rule>): readonly Sequence[] {
    const [head, ...tail] = one;
    if (!head || !isRule(head) || !heads.has(head)) return [one];
    return this.#alternatives(head).map((alternative) => [...alternative, ...tail]);
  }

  #distinct(sequences: readonly Sequence[]): readonly Sequence[] {
    return [...new Map(sequences.map((one) => [this.#keyOf(one), one])).values()];
  }

  #firstOf(one: Sequence): First {
    let set = 0n;
    for (const symbol of one) {
      const first = isRule(symbol) ? this.#first(symbol) : { set: symbol.set, empty: false };
      set |= first.set;
      if (!first.empty) return { set, empty: false };
    }
    return { set, empty: true };
  }

  #first(rule: Rule): First {
    const known = this.#firsts.get(rule);
    if (known) return known;
    if (this.#firsts.has(rule))
      throw refused(rule.path, 'is its own beginning: nothing comes before the reference to itself');
    this.#firsts.set(rule, undefined);
    const first = this.#alternatives(rule)
      .map((one) => this.#firstOf(one))
      .reduce(either, nothing);
    this.#firsts.set(rule, first);
    return first;
  }

  /** The engine's spelling of symbols: texts, sets of bytes, names. */
  #spell(one: Sequence): readonly string[] {
    const parts: string[] = [];
    let text = '';
    const endText = (): void => {
      if (text !== '') parts.push(JSON.stringify(text));
      text = '';
    };
    for (const symbol of one) {
      const character = isRule(symbol) ? undefined : characters.get(symbol.key);
      if (character !== undefined) {
        text += character;
        continue;
      }
      endText();
      parts.push(isRule(symbol) ? this.#nameOf(this.#alternatives(symbol), symbol.path) : bytesClass(symbol));
    }
    endText();
    return parts;
  }
}

const nothing: First = { set: 0n, empty: false };

function either(a: First, b: First): First {
  return { set: a.set | b.set, empty: a.empty || b.empty };
}

function overlaps(a: First, b: First): boolean {
  return (a.set & b.set) !== 0n || (a.empty && b.empty);
}

function isRule(symbol: GrammarSymbol): symbol is Rule {
  return symbol instanceof Rule;
}

function reachable(root: Rule): ReadonlySet<Rule> {
  const found = new Set([root]);
  let size = 0;
  for (const rule of found) {
    const symbols = rule.alternatives.flat();
    size += symbols.length;
    if (found.size > MAX_RULES || size > MAX_SYMBOLS) throw tooLarge(rule.path);
    for (const symbol of symbols) if (isRule(symbol)) found.add(symbol);
  }
  return found;
}

/** Rules that have a text which ends. */
function finite(rules: ReadonlySet<Rule>): ReadonlySet<Rule> {
  const found = new Set<Rule>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const rule of rules) {
      const ends = (one: Sequence) => one.every((symbol) => !isRule(symbol) || found.has(symbol));
      if (!found.has(rule) && rule.alternatives.some(ends)) found.add(rule);
    }
  }
  return found;
}

/** How many symbols all sequences begin with. */
function commonBeginning(group: readonly Sequence[], keyOf: (symbol: GrammarSymbol) => string): number {
  const [first = [], ...others] = group;
  const differs = first.findIndex((symbol, place) => {
    const key = keyOf(symbol);
    return others.some((other) => !other[place] || keyOf(other[place]) !== key);
  });
  return differs < 0 ? first.length : differs;
}

/** Characters that the engine's texts can spell, by the sets of their bytes. */
const characters = new Map(
  Array.from({ length: 0x7f - 0x20 }, (_, place) => {
    const character = String.fromCharCode(0x20 + place);
    return [bytes(character + character).key, character];
  }),
);

/**
 * A set of bytes. The engine takes characters of a class for bytes; but one of a single character it takes for a text, which
 * is that character in UTF-8, so that one stands twice.
 */
function bytesClass({ set }: Bytes): string {
  const has = (byte: number): boolean => ((set >> BigInt(byte)) & 1n) === 1n;
  const spelled = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
  const ranges: string[] = [];
  for (let from = 0; from < 256; from++) {
    if (!has(from)) continue;
    let to = from;
    while (has(to + 1)) to++;
    ranges.push(from === to ? spelled(from) : `${spelled(from)}-${spelled(to)}`);
    from = to;
  }
  const [only = ''] = ranges;
  return `[${ranges.length === 1 && !only.includes('-') ? only + only : ranges.join('')}]`;
}

function cannotTell(path: string): Error {
  return refused(
    path,
    'its alternatives begin alike, and no character tells them apart, as a string and an enum of strings do',
  );
}

function tooLarge(path: string): Error {
  return refused(path, `makes a grammar of more than ${MAX_CHARACTERS} characters or ${MAX_RULES} rules`);
}
