import { Box, useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { measured } from '../format/numbers.js';
import { alignedData, plotOptions, type Line } from './curve-options.js';
import classes from './curve.module.css';

export interface CurveProps {
  /** What is measured, for example `Loss`. */
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly height?: number;
}

/** Lines over training steps, with the values under the pointer, or the last ones, in the legend. */
export function Curve({ title, unit, lines, height = 230 }: CurveProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const scheme = useComputedColorScheme('light');
  const [pointed, setPointed] = useState<number | null>(null);
  const data = useMemo(() => alignedData(lines), [lines]);
  const latest = useRef(data);
  latest.current = data;
  // The plot is made anew only for other lines or colours, and is given new points otherwise.
  const look = JSON.stringify(lines.map(({ label, color, dashed }) => [label, color, dashed]));

  useEffect(() => {
    if (place.current === null) return;
    const element = place.current;
    const options = plotOptions({ look: lines, unit, scheme, onPoint: setPointed });
    const made = new uPlot({ ...options, width: element.clientWidth, height }, latest.current, element);
    plot.current = made;
    const resizing = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height });
    });
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [look, scheme, unit, height]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  const values = lines.map((line, index) => {
    const column = data[index + 1] ?? [];
    return pointed === null ? lastOf(line) : valueNear(column, pointed);
  });
  const step = pointed === null ? undefined : data[0][pointed];
  return (
    <figure className={classes['figure']} aria-label={describe(title, unit, lines)}>
      <Legend lines={lines} values={values} unit={unit} step={step} />
      <Box ref={place} h={height} aria-hidden />
    </figure>
  );
}

interface LegendProps {
  readonly lines: readonly Line[];
  readonly values: readonly (number | undefined)[];
  readonly unit: string;
  readonly step: number | undefined;
}

function Legend({ lines, values, unit, step }: LegendProps) {
  const scheme = useComputedColorScheme('light');
  return (
    <figcaption className={classes['legend']}>
      {lines.map((line, index) => {
        const value = values[index];
        return (
          <span key={line.label} className={classes['entry']}>
            <span
              className={classes['swatch']}
              data-dashed={line.dashed}
              style={{ borderColor: line.color[scheme] }}
            />
            {line.label}
            <b>{value === undefined ? '–' : `${measured(value)} ${unit}`}</b>
          </span>
        );
      })}
      <span className={classes['step']}>{step === undefined ? 'last value' : `step ${step}`}</span>
    </figcaption>
  );
}

function lastOf({ points }: Line): number | undefined {
  return points.at(-1)?.[1];
}

/** Lines are measured at different steps: the last value up to the pointer. */
function valueNear(column: uPlot.AlignedData[number], index: number): number | undefined {
  for (let at = index; at >= 0; at--) {
    const value = column[at];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

function describe(title: string, unit: string, lines: readonly Line[]): string {
  const parts = lines.map((line) => {
    const last = line.points.at(-1);
    return last === undefined
      ? `${line.label}: no values yet`
      : `${line.label}: ${measured(last[1])} ${unit} at step ${last[0]}`;
  });
  return `${title} over steps. ${parts.join('; ')}.`;
}
