import type { LengthDistribution } from '@prad/contracts';

const WIDTH = 40;

/** How many rows are how long, in words and a bar for each bin, the longest `WIDTH` characters long. */
export function histogram(name: string, { min, median, p95, max, bins }: LengthDistribution): string {
  const title = `${name}: median ${round(median)}, 95 % up to ${round(p95)}, ${min} to ${max} tokens`;
  const highest = Math.max(...bins.map(({ count }) => count));
  const labels = bins.map(({ from, to }) => (to - from === 1 ? String(from) : `${from} to ${to - 1}`));
  const width = Math.max(...labels.map((label) => label.length));
  const lines = bins.map(({ count }, place) => {
    const bar = bars(count / highest);
    return `  ${(labels[place] ?? '').padStart(width)}  ${bar}${bar === '' ? '' : ' '}${count}`;
  });
  return [title, ...lines].join('\n');
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A share of the whole width; none but that of nothing is empty. */
function bars(share: number): string {
  if (share === 0) return '';
  const eighths = Math.max(1, Math.round(share * WIDTH * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
