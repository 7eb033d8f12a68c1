/** What joins the tokens of an n-gram to one key: no tokeniser leaves it inside a token. */
const JOINT = ' ';

/** How often each n-gram of one order occurs. */
export function countNgrams(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= tokens.length; start += 1) {
    const ngram = tokens.slice(start, start + order).join(JOINT);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** The counts of the orders 1 to `longest`, order 1 first. */
export function countOrders(tokens: readonly string[], longest: number): Map<string, number>[] {
  return Array.from({ length: longest }, (_, index) => countNgrams(tokens, index + 1));
}

/** The n-gram without its last token; empty for one token. */
export function prefixOf(ngram: string): string {
  return ngram.slice(0, Math.max(ngram.lastIndexOf(JOINT), 0));
}

/** How many n-grams of `counts` are in `others` too, each as often as both have it. */
export function overlap(
  counts: ReadonlyMap<string, number>,
  others: ReadonlyMap<string, number>,
  weight: (ngram: string) => number = () => 1,
): number {
  let sum = 0;
  for (const [ngram, count] of counts) {
    const other = others.get(ngram);
    if (other !== undefined) sum += Math.min(count, other) * weight(ngram);
  }
  return sum;
}

/** Each n-gram as often as the text that has it most often: what several references allow. */
export function mostOften(all: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const counts of all) {
    for (const [ngram, count] of counts) most.set(ngram, Math.max(most.get(ngram) ?? 0, count));
  }
  return most;
}

export function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
