/** Finishes raw sentences: "a" before a vowel becomes "an", and every sentence begins with a capital. */
export function polish(text: string): string {
  return text
    .replace(/ +(?=[.,!?])/g, '')
    .replace(/\b([Aa]) (?=[aeiouAEIOU])/g, '$1n ')
    .replace(
      /(^|[.!?:]\n|[.!?]["”]? |\n|^["“]|[ \n]["“])([a-z])/g,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    );
}

/** Joins words as English lists do: "a", "a and b", "a, b and c". */
export function joinWords(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}
