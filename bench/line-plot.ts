export interface LinePlot {
  readonly title: string;
  /** Places from left to right. */
  readonly x: { readonly label: string; readonly ticks: readonly string[] };
  /** From 0 up. */
  readonly y: { readonly label: string };
  /** A value for each of the first places. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const WIDTH = 720;
const HEIGHT = 400;
const MARGIN = { left: 70, right: 24, top: 64, bottom: 58 };
/** Told apart also without colour: by shape of the line. */
const styles = [
  { colour: '#1c7ed6', dash: '' },
  { colour: '#e8590c', dash: '7 4' },
];

/** A plot of a few series as an SVG of its own, readable on light and dark pages. */
export function linePlot({ title, x, y, series }: LinePlot): string {
  const highest = niceAbove(Math.max(...series.flatMap(({ values }) => values)));
  const left = (place: number): number =>
    MARGIN.left + ((place + 0.5) * (WIDTH - MARGIN.left - MARGIN.right)) / x.ticks.length;
  const top = (value: number): number =>
    HEIGHT - MARGIN.bottom - (value / highest) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = top(share * highest);
    return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#ced4da"/>
${text(MARGIN.left - 8, at + 4, String(share * highest), 'end')}`;
  });
  const ticks = x.ticks.map((tick, place) => text(left(place), HEIGHT - MARGIN.bottom + 20, tick));
  const lines = series.map(({ name, values }, index) => {
    const { colour, dash } = styles[index % styles.length] ?? { colour: '#000', dash: '' };
    const points = values.map((value, place) => `${left(place).toFixed(1)},${top(value).toFixed(1)}`);
    const labels = values.map((value, place) =>
      text(left(place), top(value) + (index === 0 ? -10 : 20), value.toFixed(0)),
    );
    const dots = points.map((point) => {
      const [cx, cy] = point.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}"/>`;
    });
    const legend = MARGIN.left + index * 310;
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>
${dots.join('\n')}
${labels.join('\n')}
<line x1="${legend}" x2="${legend + 28}" y1="46" y2="46" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>
${text(legend + 36, 50, name, 'start')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
<text x="${MARGIN.left}" y="24" font-size="15" font-weight="600" fill="#212529">${escaped(title)}</text>
${grid.join('\n')}
${ticks.join('\n')}
${text((WIDTH + MARGIN.left) / 2, HEIGHT - 14, x.label)}
<text transform="translate(18 ${(HEIGHT + MARGIN.top) / 2}) rotate(-90)" fill="#495057">${escaped(y.label)}</text>
${lines.join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, anchor = 'middle'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#495057">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** The least of 1, 2, 2.5 or 5 times a power of ten that is not below. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 2.5, 5, 10] as const).find((step) => step * power >= value) ?? 10) * power;
}
