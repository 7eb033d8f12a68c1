/** One hue that can be told from the ground of either colour scheme. */
export interface LineColor {
  readonly light: string;
  readonly dark: string;
}

/** Hues that can be told from each other, by the order in which they are given out. */
export const lineColors: readonly [LineColor, ...LineColor[]] = [
  { light: '#3b5bdb', dark: '#91a7ff' },
  { light: '#d9480f', dark: '#ffa94d' },
  { light: '#2b8a3e', dark: '#69db7c' },
  { light: '#9c36b5', dark: '#e599f7' },
  { light: '#0b7285', dark: '#66d9e8' },
  { light: '#c2255c', dark: '#faa2c1' },
];

/** The hue of the line at a place; they begin again after the last. */
export function lineColor(index: number): LineColor {
  return lineColors[index % lineColors.length] ?? lineColors[0];
}
