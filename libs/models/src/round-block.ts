/**
 * How a block of weights x becomes whole numbers c and a scale s, so that s * c is near x. For given c the squared
 * error is least at s = (x.c) / (c.c), where it is x.x - (x.c)^2 / (c.c): the choice of c with the largest
 * (x.c)^2 / (c.c) is the best one.
 */

/** Sizes of the steps that are tried, against those that just span the block: smaller ones cut the outermost weights off. */
const STEPS = [1.06, 1, 0.94, 0.88, 0.82];

const oneFloat = new Float32Array(1);

/** As it will be stored. */
function toFloat32(value: number): number {
  oneFloat[0] = value;
  return oneFloat[0];
}

/** Writes codes 0 to 15 into `codes`; x = (code - zero) * scale. */
export function roundBlock4(x: Float32Array, codes: Uint8Array): { scale: number; zero: number } {
  let [low, high] = [0, 0];
  for (const value of x) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  let best = { gain: 0, scale: 0, zero: 8 };
  for (const part of high > low ? STEPS : []) {
    const step = (part * (high - low)) / 15;
    const zero = Math.round((-part * low) / step);
    const fit = fitted(x, step, zero);
    if (fit.gain > best.gain) best = { ...fit, zero };
  }
  const { zero } = best;
  const scale = toFloat32(best.scale);
  encode(x, { scale, zero, largest: 15 }, codes);
  return { scale, zero };
}

/** Writes codes 1 to 255 into `codes`; x = (code - 128) * the scale that is returned. */
export function roundBlock8(x: Float32Array, codes: Uint8Array): number {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  const scale = toFloat32(largest / 127);
  encode(x, { scale, zero: 128, largest: 255 }, codes);
  return scale;
}

/** How well x is met with codes of this step and zero point, and the scale that meets it best. */
function fitted(x: Float32Array, step: number, zero: number): { gain: number; scale: number } {
  const perStep = 1 / step;
  let [xc, cc] = [0, 0];
  for (const value of x) {
    const c = clamped(value * perStep, zero, 15) - zero;
    xc += value * c;
    cc += c * c;
  }
  return cc > 0 ? { gain: (xc / cc) * xc, scale: xc / cc } : { gain: 0, scale: 0 };
}

function encode(
  x: Float32Array,
  { scale, zero, largest }: { readonly scale: number; readonly zero: number; readonly largest: number },
  codes: Uint8Array,
): void {
  const perStep = scale > 0 ? 1 / scale : 0;
  for (let k = 0; k < x.length; k++) codes[k] = clamped((x[k] ?? 0) * perStep, zero, largest);
}

/** The code of a weight given in steps: the nearest one. */
function clamped(steps: number, zero: number, largest: number): number {
  // Cut to a whole number: what lies below 0 becomes 0 anyway.
  const nearest = (steps + zero + 0.5) | 0;
  return nearest < 0 ? 0 : nearest > largest ? largest : nearest;
}
