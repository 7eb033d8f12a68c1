const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

/** `3 min. ago`; both in seconds since 1970. */
export function ago(at: number, now: number): string {
  const past = now - at;
  if (past < 5) return 'just now';
  for (const [unit, length] of units) {
    if (past >= length) return relative.format(-Math.floor(past / length), unit);
  }
  return relative.format(-Math.floor(past), 'second');
}

/** The moment in the reader's time zone. */
export function moment(at: number): string {
  return absolute.format(at * 1000);
}
