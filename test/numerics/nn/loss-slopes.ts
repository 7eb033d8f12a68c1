import { encodeOnnx } from '@prad/graph';
import { randomStream } from '@prad/nn';
import { Session } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { expect } from 'vitest';
import { batchOf, lossGraph, type Row } from './full-run.js';
import { floats, named, runOptions, type TinyModel } from './reference.js';

/** Far enough for float32's rounding of the loss, near enough for a straight line: weights are about 0.2. */
const STEP = 2e-3;
const DIRECTIONS = 2;

/**
 * Holds every weight's gradient g against the loss itself: along random directions d, (L(w + s d) - L(w - s d)) / 2s
 * is g.d. The first two tokens of each row are its prompt.
 */
export async function expectSlopes(tiny: TinyModel, rows: readonly Row[]): Promise<void> {
  const { graph, feeds, trained } = lossGraph(
    tiny,
    batchOf(
      rows.map((row) => ({ ...row, prompt: 2 })),
      { side: 'left' },
    ),
  );
  const session = await Session.open(encodeOnnx(graph), runOptions(tiny));
  const out = await session.run(feeds);
  for (const { name } of trained) {
    const { shape } = named(tiny.weights, name);
    const weight = floats(named(tiny.weights, name));
    const gradient = floats(out[`grad.${name}`]);
    const norm = Math.hypot(...gradient);
    for (let index = 0; index < DIRECTIONS; index++) {
      const random = randomStream(index, name);
      const direction = weight.map(() => random.normal());
      const lossAt = async (step: number): Promise<number> => {
        const moved = weight.map((value, i) => value + step * direction[i]!);
        return floats((await session.run({ ...feeds, [name]: tensor('float32', shape, moved) }))['loss'])[0]!;
      };
      const slope = ((await lossAt(STEP)) - (await lossAt(-STEP))) / (2 * STEP);
      const expected = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      expect(Math.abs(slope - expected), `${name}: slope ${slope}, gradient ${expected}`).toBeLessThan(
        0.02 * norm,
      );
    }
  }
  await session.close();
}
