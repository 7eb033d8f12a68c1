import type { ColumnMapping } from '@prad/contracts';

/** Reads `field=column, field=column`; undefined where nothing is written, a reason where it is something else. */
export function columnsOf(text: string): ColumnMapping | undefined | Error {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.every((entry) => entry === '')) return undefined;
  const pairs = entries.map((entry) => /^([^=]+?)\s*=\s*(.+)$/.exec(entry)?.slice(1) ?? []);
  const bad = pairs.findIndex(([field]) => field === undefined);
  if (bad !== -1) return new Error(`expected field=column, got “${entries[bad] ?? ''}”`);
  return Object.fromEntries(pairs as [string, string][]);
}
