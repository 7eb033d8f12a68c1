import { encodeOnnx, Graph, matmul } from '@prad/graph';
import { serveCompute, Session } from '@prad/runtime';
import { tensor } from '@prad/tensor';

/** y [N, N] = a [N, N] a. */
function squareModel(): Uint8Array {
  const graph = new Graph();
  const a = graph.input('a', 'float32', ['N', 'N']);
  graph.output('y', matmul(graph.root, a, a));
  return encodeOnnx(graph);
}

export const handlers = {
  /** Squares a matrix of `value` again and again, in a few sessions; yields how many results were right. */
  async *squares({ value, size, times }: { value: number; size: number; times: number }) {
    for (let session = 0; session < 4; session++) {
      const opened = await Session.open(squareModel(), { device: 'webgpu' });
      let right = 0;
      for (let i = 0; i < times; i++) {
        const n = size + i;
        const a = tensor('float32', [n, n], new Float32Array(n * n).fill(value));
        const { y } = await opened.run({ a });
        if (y?.data.every((x) => Math.abs(Number(x) / (value * value * n) - 1) < 1e-5)) right += 1;
      }
      await opened.close();
      yield right;
    }
  },
};

serveCompute(handlers);
