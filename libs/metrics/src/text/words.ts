/** What Python's `str.split` takes for white space; JavaScript's `\s` lacks some of it and has U+FEFF besides. */
const whiteSpace = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const between = new RegExp(`${whiteSpace}+`, 'u');
const trailing = new RegExp(`${whiteSpace}+$`, 'u');
const leading = new RegExp(`^${whiteSpace}+`, 'u');

/** The words between white space; none of them is empty. */
export function wordsOf(text: string): string[] {
  return text.split(between).filter((word) => word !== '');
}

export function trimEnd(text: string): string {
  return text.replace(trailing, '');
}

export function trim(text: string): string {
  return trimEnd(text).replace(leading, '');
}
