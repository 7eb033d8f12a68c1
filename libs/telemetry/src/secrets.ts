const CENSOR = '[secret]';

/** How secrets look in a text. The bounds keep a hostile text from costing more than its length. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\bprad_[A-Za-z0-9_-]{43,}/g, `prad_${CENSOR}`],
  [/\b(bearer\s{1,8})[^\s"',\\]+/gi, `$1${CENSOR}`],
  // The password of an address.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/"]{0,100}:)[^\s@/"]{1,500}@/gi, `$1${CENSOR}@`],
  // A value of a query whose name tells what it is.
  [/([?&][^=&\s"]{0,40}(?:key|token|secret|password)[^=&\s"]{0,40}=)[^&\s"]+/gi, `$1${CENSOR}`],
];

/** The text without keys, passwords and tokens, as it may be logged. */
export function withoutSecrets(text: string): string {
  return patterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}
