const BARS = '▁▂▃▄▅▆▇█';

/** A curve in one line of text: the values' means over at most `width` equal parts, from the least to the most of them. */
export function sparkline(values: readonly number[], width: number): string {
  const columns = Math.min(width, values.length);
  const means = Array.from({ length: columns }, (_, column) => {
    const [start, end] = [column, column + 1].map((edge) => Math.floor((edge * values.length) / columns));
    const part = values.slice(start, end);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const least = Math.min(...means);
  const span = Math.max(...means) - least;
  return means
    .map((mean) => BARS[span === 0 ? 0 : Math.round(((mean - least) / span) * (BARS.length - 1))])
    .join('');
}
