import { encodeOnnx, Graph, scalar } from '@prad/graph';
import {
  adapterFor,
  adapterMethodNames,
  architectureFor,
  bankLayout,
  bankLayoutKey,
  fedWeights,
  initialise,
  modelTypes,
  noAdapter,
  parameterCount,
  type LoadedAdapter,
  type SiteFlow,
} from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import { adapterContract, changed } from './nn/adapter-contract.js';
import { rowsOf } from './nn/architecture-contract.js';
import { CachedRun, cachedGraph } from './nn/cached-run.js';
import {
  expectClose,
  floats,
  referenceAdapter,
  referenceJson,
  referenceTensors,
  tinyModel,
  type TinyModel,
} from './nn/reference.js';

/** Reference adapters by method, and the tensors that move first from the identity start. */
const cases: Readonly<Record<string, { folders: Record<string, string[]>; first: string[] }>> = {
  adapter: { folders: { llama: ['adapter'], gpt2: ['adapter'] }, first: ['up.weight', 'up.bias'] },
  lora: { folders: { llama: ['lora-kv', 'lora-qv'], gpt2: ['lora-qv'] }, first: ['a'] },
};

it('has a case for every adapter method on every architecture', () => {
  expect(Object.keys(cases).sort()).toEqual([...adapterMethodNames].sort());
  for (const { folders } of Object.values(cases))
    expect(Object.keys(folders).sort()).toEqual([...modelTypes].sort());
});

for (const { folders, first } of Object.values(cases)) {
  for (const [folder, names] of Object.entries(folders)) {
    for (const name of names) adapterContract(folder, name, first);
  }
}

/** Adapters of both methods and of two ranks each, the smaller ones random. */
async function mixture(tiny: TinyModel): Promise<LoadedAdapter[]> {
  const small = (method: string, options: object): LoadedAdapter => {
    const adapter = adapterFor(tiny.model, method, { ...options, init: 'released' });
    const start = { adapter, tensors: initialise(adapter.parameters, 3) };
    return changed(
      start,
      () => true,
      (x) => 10 * x + 0.1,
    );
  };
  return [
    await referenceAdapter(tiny, 'adapter'),
    await referenceAdapter(tiny, 'lora-qv'),
    small('adapter', { rank: 2, scale: 0.5 }),
    small('lora', { rank: 3, targets: ['o_proj', 'k_proj', 'down_proj'] }),
  ];
}

describe.each(['llama', 'gpt2'])('a mixed batch on %s', (folder) => {
  it('prad-spec 7.17: each row = the row alone with its own adapter, through decode', async () => {
    const tiny = await tinyModel(folder);
    const adapters = await mixture(tiny);
    const some = rowsOf(await referenceTensors(`${folder}/forward.safetensors`), 'right.');
    const rows = [...some, ...some.slice(0, 2)];
    const choice = [0, 1, undefined, 2, 3];
    const [width, next] = [tiny.model.dimensions.vocabSize, 7];

    const mixed = await CachedRun.open(tiny, adapters);
    const prefill = await mixed.prefill(rows, choice);
    const decode = await mixed.decode(rows.map(() => next));
    await mixed.close();
    for (const [b, row] of rows.entries()) {
      const own = choice[b] === undefined ? [] : [adapters[choice[b]]!];
      const alone = await CachedRun.open(tiny, own);
      const [prefillAlone] = await alone.prefill(
        [row],
        own.map(() => 0),
      );
      const [decodeAlone] = await alone.decode([next]);
      await alone.close();
      expectClose(prefill[b]!, prefillAlone!, 1e-5, `prefill of row ${b}`);
      expectClose(decode[b]!, decodeAlone!, 1e-5, `decode of row ${b}`);
    }
    // The adapters do differ: rows 0 and 3 are the same tokens.
    expect([...prefill[0]!.slice(-width)]).not.toEqual([...prefill[3]!.slice(-width)]);
  });

  it('prad-spec 7.5, 7.7, 7.8: the decode graph is the base, whatever is served', async () => {
    const { model, weights } = await tinyModel(folder);
    const graph = cachedGraph(model);
    const names = graph.inputs.map(({ name }) => name);
    const runtime = /^(input_ids|position_ids|seqlens|total|past\.\d+\.(key|value))$/;
    expect(names.filter((name) => !runtime.test(name)).sort()).toEqual([...weights.keys()].sort());
    expect(Buffer.from(encodeOnnx(graph)).includes('bank')).toBe(false);
  });
});

it('keeps one bank layout for any order of the same adapters', async () => {
  const adapters = (await mixture(await tinyModel('llama'))).map(({ adapter }) => adapter);
  const key = bankLayoutKey(bankLayout(adapters));
  expect(bankLayoutKey(bankLayout(adapters.toReversed()))).toBe(key);
  expect(bankLayoutKey(bankLayout(adapters.slice(0, 1)))).not.toBe(key);
});

describe('prad-spec 7.20', () => {
  /** The delta of an adapter at its first site for a fixed input. */
  async function delta(
    { adapter, tensors }: LoadedAdapter,
    rank = adapter.options.rank,
  ): Promise<Float32Array> {
    const [site] = adapter.sites;
    const graph = new Graph();
    const x = graph.input('x', 'float32', [3, site!.inFeatures]);
    const feeds: Record<string, HostTensor> = {
      x: tensor(
        'float32',
        [3, site!.inFeatures],
        new Float32Array(3 * site!.inFeatures).map((_, i) => Math.sin(i)),
      ),
    };
    const shapes = new Map(
      adapter.family.parameters(site!, { rank, init: 'identity' }).map(({ name, shape }) => [name, shape]),
    );
    const values = (name: string): ReturnType<Graph['input']> => {
      const [rows = 1, columns = 1] =
        shapes.get(name)!.length === 1 ? [1, ...shapes.get(name)!] : shapes.get(name)!;
      const own = tensors.get(`${site!.module}.${adapter.family.name}.${name}`)!;
      const ownColumns = own.shape.at(-1)!;
      const padded = new Float32Array(rows * columns);
      for (const [i, value] of floats(own).entries()) {
        padded[Math.floor(i / ownColumns) * columns + (i % ownColumns)] = value;
      }
      feeds[name] = tensor('float32', shapes.get(name)!, padded);
      return graph.input(name, 'float32', shapes.get(name)!);
    };
    const scale = scalar(graph.root, adapter.options.scale);
    graph.output('delta', adapter.family.delta(graph.root, x, values, scale));
    return floats((await runGraph(encodeOnnx(graph), feeds))['delta']);
  }

  it.each(['adapter', 'lora-qv'])(
    '%s: twice the scale is twice the delta, a rank padded with zeros the same',
    async (name) => {
      const tiny = await tinyModel('gpt2');
      const loaded = await referenceAdapter(tiny, name);
      const { family, options } = loaded.adapter;
      const doubled = {
        ...loaded,
        adapter: adapterFor(tiny.model, family.name, { ...options, scale: 2 * options.scale }),
      };
      const normal = await delta(loaded);
      expect(normal.some((x) => x !== 0)).toBe(true);
      expect([...(await delta(doubled))]).toEqual([...normal].map((x) => 2 * x));
      expectClose(await delta(loaded, options.rank + 3), normal, 1e-6);
    },
  );
});

it.each(['llama', 'gpt2'])(
  'prad-spec 7.21: the mlp site of %s runs from the normed input to the branch output',
  async (folder) => {
    const { model } = await tinyModel(folder);
    const flows: SiteFlow[] = [];
    const graph = new Graph();
    const ids = graph.input('input_ids', 'int64', [1, 2]);
    const positionIds = graph.input('position_ids', 'int64', [1, 2]);
    model.forward(graph.root, {
      weights: fedWeights(graph, model.parameters),
      inputIds: ids,
      positionIds,
      attention: (_at, _layer, { query }) => query,
      adapt: {
        ...noAdapter,
        output: (at, site, flow) => {
          if (site.kind === 'mlp') flows.push(flow);
          return noAdapter.output(at, site, flow);
        },
      },
    });
    expect(flows.length).toBe(model.dimensions.layers);
    for (const { input, output } of flows) {
      expect(input.node?.name).toMatch(/\/(post_attention_layernorm|ln_2)\//);
      expect(output.node?.name).toMatch(/\/mlp\/(down_proj|c_proj)\//);
      // The next thing that reads the branch is the block's residual: nothing lies between it and the delta.
      const readers = graph.nodes.filter((node) => node.inputs.includes(output));
      expect(readers.map(({ operator }) => operator.type)).toEqual(['Add']);
    }
  },
);

describe('prad-spec 7.19: parameter counts of table 2.1', () => {
  const gpt2 = architectureFor({ model_type: 'gpt2' });
  const large = architectureFor({ model_type: 'gpt2', n_embd: 1280, n_layer: 36, n_head: 20 });
  const llama7b = architectureFor({
    model_type: 'llama',
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
  });
  it('GPT-2 base itself', () => {
    expect(parameterCount(gpt2)).toBe(124_439_808);
  });
  it.each([
    [gpt2, 'adapter', { rank: 108 }, 2_001_168],
    [gpt2, 'adapter', { rank: 200 }, 3_698_016],
    [gpt2, 'adapter', { rank: 16 }, 304_320],
    [gpt2, 'adapter', { rank: 32 }, 599_424],
    [gpt2, 'lora', { rank: 56 }, 2_064_384],
    [gpt2, 'lora', { rank: 100 }, 3_686_400],
    [gpt2, 'lora', { rank: 8 }, 294_912],
    [gpt2, 'lora', { rank: 16 }, 589_824],
    [gpt2, 'lora', { rank: 40, targets: ['up_proj', 'down_proj'] }, 3_686_400],
    [large, 'adapter', { rank: 100 }, 9_265_680],
    [large, 'lora', { rank: 50 }, 9_216_000],
    [llama7b, 'adapter', { rank: 4 }, 1_179_776],
    [llama7b, 'lora', { rank: 4 }, 2_097_152],
  ] as const)('%#', (model, method, options, count) => {
    expect(parameterCount(adapterFor(model, method, options))).toBe(count);
  });
});

describe('where and how a method attaches by default', () => {
  it.each([
    ['gpt2', 'adapter', ['mlp'], { rank: 16, scale: 1, init: 'identity' }],
    ['llama', 'adapter', ['mlp'], { rank: 16, scale: 1, init: 'identity' }],
    ['gpt2', 'lora', ['q_proj', 'v_proj'], { rank: 8, scale: 4, init: 'identity' }],
    ['llama', 'lora', ['k_proj', 'v_proj'], { rank: 8, scale: 4, init: 'identity' }],
  ])('%s %s', (folder, method, kinds, options) => {
    const model = architectureFor(referenceJson(`${folder}/config.json`));
    const adapter = adapterFor(model, method, {});
    expect(adapter.options).toEqual(options);
    const expected = Array.from({ length: model.dimensions.layers }, (_, layer) =>
      kinds.map((kind) => `${layer} ${kind}`),
    );
    expect(adapter.sites.map(({ layer, kind }) => `${layer} ${kind}`)).toEqual(expected.flat());
  });
});

describe('options that are refused', () => {
  const model = architectureFor(referenceJson('gpt2/config.json'));
  it.each([
    ['dora', {}, /unknown adapter method "dora"; known are adapter, lora/],
    ['adapter', { rank: 0 }, /adapter method adapter: rank: must be a whole number from 1 to 4096, got 0/],
    ['adapter', { rank: 33 }, /rank: at most the model's hidden size of 32, got 33/],
    ['lora', { rank: 2.5 }, /rank: must be a whole number/],
    ['lora', { rank: 5000 }, /rank: must be a whole number from 1 to 4096/],
    ['lora', { targets: ['gate_proj'] }, /targets: gpt2 has no gate_proj/],
    ['lora', { targets: ['mlp'] }, /targets/],
    ['adapter', { targets: ['q_proj'] }, /targets/],
    ['adapter', { scale: 0 }, /scale/],
  ])('%s %j', (method, options, message) => {
    expect(() => adapterFor(model, method, options)).toThrow(message);
  });
});
