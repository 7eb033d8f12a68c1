import type { ExternalData } from '@prad/graph';

/** Regions of a file as one; undefined where they do not lie side by side, or are none. */
export function joinedRegion(regions: readonly ExternalData[]): ExternalData | undefined {
  const [first] = regions;
  const apart = regions.some(({ location, offset }, index) => {
    const before = regions[index - 1];
    return before && (location !== before.location || offset !== before.offset + before.length);
  });
  if (!first || apart) return undefined;
  return { ...first, length: regions.reduce((sum, { length }) => sum + length, 0) };
}
