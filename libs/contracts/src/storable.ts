/** What PostgreSQL does not take in a text. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isStorable);
  return Object.entries(value).flat().every(isStorable);
}
export const notStorable = 'must not contain the character U+0000';
