import progress from 'cli-progress';

/** Bars below each other in a terminal; undefined where the stream is none. */
export function multiBar(stream: NodeJS.WriteStream, format: string): progress.MultiBar | undefined {
  if (!stream.isTTY) return undefined;
  const options = { format, hideCursor: true, clearOnComplete: false, barsize: 30, stream, etaBuffer: 20 };
  return new progress.MultiBar(options, progress.Presets.shades_classic);
}
