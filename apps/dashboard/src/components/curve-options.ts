import uPlot from 'uplot';
import { tick } from '../format/numbers.js';
import type { LineColor } from './line-colors.js';

type Scheme = 'light' | 'dark';

/** One line of a plot. */
export interface Line {
  readonly label: string;
  readonly color: LineColor;
  /** Drawn dashed with its points marked, as few and far values are. */
  readonly dashed?: boolean;
  /** Step and value, by steps. */
  readonly points: readonly (readonly [step: number, value: number])[];
}

export interface PlotLook {
  readonly look: readonly Line[];
  readonly unit: string;
  readonly scheme: Scheme;
  /** Told the index of the step under the pointer, or null. */
  readonly onPoint: (index: number | null) => void;
}

const ink = { light: '#495057', dark: '#c9c9c9' };
const grid = { light: '#e9ecef', dark: '#3b3b3b' };
const font = '12px system-ui, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif';

const stepAxis = {
  ...{ label: 'step', labelSize: 20, labelGap: 0, size: 32 },
  incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5],
};

/** How a plot looks; its size is given by who makes it. */
export function plotOptions({
  look,
  unit,
  scheme,
  onPoint,
}: PlotLook): Omit<uPlot.Options, 'width' | 'height'> {
  const axis = {
    stroke: ink[scheme],
    font,
    labelFont: font,
    grid: { stroke: grid[scheme], width: 1 },
    ticks: { stroke: grid[scheme], width: 1, size: 5 },
  };
  return {
    legend: { show: false },
    padding: [10, 12, 0, 0],
    cursor: { sync: { key: 'steps' }, points: { size: 7 }, drag: { x: true, y: false } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, ...stepAxis },
      {
        ...axis,
        ...{ label: unit, labelSize: 20, labelGap: 0, size: 58 },
        values: (_plot, marks) => marks.map(tick),
      },
    ],
    series: [
      {},
      ...look.map(({ label, color, dashed = false }): uPlot.Series => ({
        label,
        stroke: color[scheme],
        width: dashed ? 1.5 : 1.75,
        spanGaps: true,
        ...(dashed ? { dash: [6, 4] } : {}),
        points: { show: dashed, size: 6, fill: color[scheme] },
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor }) => {
          onPoint(cursor.idx ?? null);
        },
      ],
    },
  };
}

/** The lines over one list of steps; a step that a line has no value for is null there. */
export function alignedData(lines: readonly Line[]): uPlot.AlignedData {
  if (lines.length === 0) return [[]];
  const tables = lines.map(({ points }): uPlot.AlignedData => [
    points.map(([step]) => step),
    points.map(([, value]) => value),
  ]);
  return uPlot.join(tables);
}
