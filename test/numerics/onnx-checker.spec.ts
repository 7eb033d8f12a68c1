import {
  encodeOnnx,
  gradients,
  Graph,
  groupQueryAttention,
  reduceSum,
  scalar,
  sequenceConstruct,
} from '@prad/graph';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gradcheckCases } from './support/gradcheck-cases.js';

const checker = join(import.meta.dirname, '../reference/check_onnx.py');
const hasOnnx = spawnSync('python3', ['-c', 'import onnx']).status === 0;

function operatorModels(): Record<string, Uint8Array> {
  const models = gradcheckCases.map(({ operator, build, inputs }, index) => {
    const graph = new Graph();
    const values = inputs.map(({ dtype, shape }, i) => graph.input(`x${i}`, dtype, shape));
    const y = build(graph.root, values);
    const axes = y.shape.map((_, axis) => axis);
    const loss = reduceSum(graph.root, y, { axes, keepdims: false });
    const wrt = values.filter(({ dtype }) => dtype === 'float32');
    graph.output('y', y);
    gradients(loss, wrt).forEach((gradient, i) => {
      graph.output(`d${wrt[i]!.name}`, gradient);
    });
    return [`${index}-${operator}`, encodeOnnx(graph, { annotate: true })] as const;
  });
  return Object.fromEntries([...models, ['cache', cacheModel()]]);
}

/** Symbolic sizes, a sequence as output, an operator of onnxruntime's own, a weight outside. */
function cacheModel(): Uint8Array {
  const graph = new Graph();
  const at = graph.root;
  graph.output('done', sequenceConstruct(at, [scalar(at, 0)]));
  const past = graph.input('past', 'float32', ['B', 1, 'M', 8]);
  const data = { location: 'absent.safetensors', offset: 4096, length: 64 };
  const table = graph.parameter('table', { dtype: 'float32', shape: [4, 4] }, data);
  const { output } = groupQueryAttention(
    at,
    {
      query: graph.input('query', 'float32', ['B', 'T', 32]),
      pastKey: past,
      pastValue: past,
      seqlens: graph.input('seqlens', 'int32', ['B']),
      total: graph.input('total', 'int32', []),
      rope: { cos: table, sin: table },
    },
    { heads: 2, kvHeads: 1, scale: 1 },
  );
  graph.output('output', output);
  return encodeOnnx(graph, { annotate: true });
}

it.skipIf(!hasOnnx)(
  'the onnx package accepts every operator, forward and backward (needs python3 with onnx)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'prad-onnx-'));
    const files = Object.entries(operatorModels()).map(([name, bytes]) => {
      const file = join(folder, `${name}.onnx`);
      writeFileSync(file, bytes);
      return file;
    });
    const { status, stdout, stderr } = spawnSync('python3', [checker, ...files], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const faults = stdout.split('\n').filter((line) => line.startsWith('FAILED'));
    expect(faults, stderr).toEqual([]);
    expect(status).toBe(0);
  },
);
