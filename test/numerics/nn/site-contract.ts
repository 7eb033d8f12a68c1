import {
  abs,
  add,
  encodeOnnx,
  gemm,
  mul,
  reduceMax,
  sub,
  type Graph,
  type Scope,
  type Value,
} from '@prad/graph';
import { fedWeights, logitsGraph, noAdapter, type Adaptation, type SiteFlow } from '@prad/nn';
import { Session } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import { expect } from 'vitest';
import { feedsOf, type Batch } from './full-run.js';
import { floats, relativeGap, runOptions, type TinyModel } from './reference.js';

/**
 * Asks the forward pass for all sites that the model lists, in their order and with their sizes. Something added to
 * one site's output must change the logits, and a projection's input through the weight that it hands out is its output.
 */
export async function expectSites(tiny: TinyModel, batch: Batch): Promise<void> {
  const { model } = tiny;
  const asked: string[] = [];
  const probe = (graph: Graph): Adaptation => ({
    ...noAdapter,
    output: (at, site, flow) => {
      asked.push(site.module);
      expect([flow.input.shape[1], flow.output.shape[1]], site.module).toEqual([
        site.inFeatures,
        site.outFeatures,
      ]);
      // Whole branches have no weight.
      expect(flow.weight !== undefined, site.module).toBe(site.kind.endsWith('_proj'));
      probeWeight(graph, at, site.module, flow);
      const amount = graph.input(`amount.${site.module}`, 'float32', [1]);
      // Not in proportion: a norm behind the site would undo that.
      return add(at, flow.output, mul(at, amount, mul(at, flow.output, flow.output)));
    },
  });
  const graph = logitsGraph(model, {
    batch: batch.size,
    tokens: batch.tokens,
    attentionMask: true,
    weights: (into) => fedWeights(into, model.parameters),
    adapt: probe,
  });
  expect(asked).toEqual(model.sites.map(({ module }) => module));
  const session = await Session.open(encodeOnnx(graph), runOptions(tiny));
  const run = (changed?: string): Promise<Readonly<Record<string, HostTensor>>> =>
    session.run(
      feedsOf(graph.inputs, batch.feeds, Object.fromEntries(tiny.weights), amounts(asked, changed)),
    );
  const plain = await run();
  const logits = floats(plain['logits']);
  for (const { module, kind } of model.sites) {
    if (kind.endsWith('_proj')) {
      const [gap, size] = ['gap', 'size'].map((what) => floats(plain[`${what}.${module}`])[0]!);
      expect(gap, `${module}: input through its weight`).toBeLessThanOrEqual(1e-5 * size!);
    }
    const moved = relativeGap(floats((await run(module))['logits']), logits);
    expect(moved, `${module}: change of the logits`).toBeGreaterThan(1e-3);
  }
  await session.close();
}

function probeWeight(graph: Graph, at: Scope, module: string, { input, output, weight }: SiteFlow): void {
  if (!weight) return;
  const { matrix, outFirst, bias } = weight();
  const product = gemm(at, input, matrix, { transB: outFirst }, bias);
  const largest = (x: Value): Value => reduceMax(at, abs(at, x), { axes: [0, 1], keepdims: false });
  graph.output(`gap.${module}`, largest(sub(at, product, output)));
  graph.output(`size.${module}`, largest(output));
}

function amounts(modules: readonly string[], changed: string | undefined): Record<string, HostTensor> {
  return Object.fromEntries(
    modules.map((module) => [
      `amount.${module}`,
      tensor('float32', [1], Float32Array.of(module === changed ? 1 : 0)),
    ]),
  );
}
