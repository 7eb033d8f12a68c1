import { encodeOnnx, Graph } from '@prad/graph';
import {
  adapterFor,
  adapterMethodNames,
  architectureFor,
  bankLayout,
  bankLayoutKey,
  fedWeights,
  initialise,
  noAdapter,
  noDrop,
  parameterCount,
  type SiteFlow,
} from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { changed } from './nn/adapter-changes.js';
import { adapterContract, type AdapterTraits } from './nn/adapter-contract.js';
import { rowsOf } from './nn/architecture-contract.js';
import { CachedRun, cachedGraph } from './nn/cached-run.js';
import { printDifferences } from './nn/differences.js';
import {
  expectClose,
  floats,
  referenceAdapter,
  referenceJson,
  referenceTensors,
  tinyModel,
  type TinyModel,
  loaded,
  named,
  type TrainedAdapter,
} from './nn/reference.js';

const bottleneck = {
  identity: 'exact',
  masked: true,
  first: ['up.weight', 'up.bias'],
  released: true,
} as const;
const lowRank = { identity: 'exact', masked: true, first: ['a'], released: true } as const;
const magnitudes = { identity: 'rounded', masked: true, first: ['a', 'magnitude'], released: true } as const;
const inFront = { identity: 'none', masked: false } as const;

/** Reference adapters by method, with what holds of each. */
const cases: Readonly<Record<string, Readonly<Record<string, AdapterTraits>>>> = {
  adapter: {
    adapter: bottleneck,
    'adapter-seq': bottleneck,
    'adapter-attention': bottleneck,
    'adapter-both-seq': bottleneck,
    'adapter-learnable': bottleneck,
    'adapter-ln-in': bottleneck,
    'adapter-ln-out': { ...bottleneck, first: [...bottleneck.first, 'norm.bias'], released: false },
    'special-tokens': { ...inFront, masked: false },
  },
  lora: { 'lora-qv': lowRank, 'lora-kv': lowRank, 'lora-rank': lowRank, 'lora-rslora': lowRank },
  dora: { dora: magnitudes, 'dora-peft': magnitudes },
  prefix: { prefix: inFront, 'prefix-projection': inFront },
  prompt: { prompt: inFront },
  mam: { mam: inFront },
  ia3: { ia3: { identity: 'exact', masked: true, first: ['scale'] } },
};
const folders = ['llama', 'gpt2'];

it('has a case for every adapter method', () => {
  expect(Object.keys(cases).sort()).toEqual([...adapterMethodNames].sort());
});

for (const folder of folders) {
  for (const [name, traits] of Object.values(cases).flatMap((ofMethod) => Object.entries(ofMethod))) {
    // Keys and values together are what the released code adapts on LLaMA only.
    if (folder !== 'gpt2' || name !== 'lora-kv') adapterContract(folder, name, traits);
  }
}

afterAll(printDifferences);

/** Adapters of every method, of some with two ranks, the smaller ones random. */
async function mixture(tiny: TinyModel): Promise<TrainedAdapter[]> {
  const small = (method: string, options: object): TrainedAdapter => {
    const adapter = adapterFor(tiny.model, method, { ...options, init: 'released' });
    const start = { adapter, tensors: initialise(adapter.parameters, 3) };
    return changed(
      start,
      () => true,
      (x) => 10 * x + 0.1,
    );
  };
  const names = [
    'adapter',
    'lora-qv',
    'dora',
    'prefix',
    'prompt',
    'mam',
    'ia3',
    'adapter-ln-in',
    'special-tokens',
  ];
  return [
    ...(await Promise.all(names.map((name) => referenceAdapter(tiny, name)))),
    small('adapter', { rank: 2, scale: 0.5 }),
    small('lora', { rank: 3, targets: ['o_proj', 'k_proj', 'down_proj'] }),
    small('lora', { rank: 2, targets: ['v_proj', 'k_proj'], layers: [1] }),
    small('adapter', { rank: 2, layers: [0] }),
  ];
}

describe.each(['llama', 'gpt2'])('a mixed batch on %s', (folder) => {
  it('prad-spec 7.17: each row = the row alone with its own adapter, through decode', async () => {
    const tiny = await tinyModel(folder);
    const adapters = await Promise.all((await mixture(tiny)).map((adapter) => loaded(tiny, adapter)));
    const some = rowsOf(await referenceTensors(`${folder}/forward.safetensors`), 'right.');
    const choice = [undefined, ...adapters.keys()];
    const rows = choice.map((_, index) => some[index % some.length]!);
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
    // The adapters do differ: rows 0, 3, 6 and 9 are the same tokens.
    const same = [0, 3, 6, 9].map((b) => prefill[b]!.slice(-width).join());
    expect(new Set(same).size).toBe(same.length);
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
  /** The delta of an adapter at its first site for a fixed input, its tensors padded to a rank. */
  async function delta(tiny: TinyModel, trained: TrainedAdapter, padding = 0): Promise<Float32Array> {
    const [part] = trained.adapter.parts;
    const [site] = part!.sites;
    const { served } = await loaded(tiny, trained);
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
      part!.family.tensors(site!, part!.rank + padding).map(({ name, shape }) => [name, shape]),
    );
    const values = (name: string): ReturnType<Graph['input']> => {
      const shape = shapes.get(name)!;
      const [rows = 1, columns = 1] = shape.length === 1 ? [1, ...shape] : shape;
      const own = named(served, `served.${site!.module}.${part!.family.key}.${name}`);
      const ownColumns = own.shape.at(-1)!;
      const padded = new Float32Array(rows * columns);
      for (const [i, value] of floats(own).entries()) {
        padded[Math.floor(i / ownColumns) * columns + (i % ownColumns)] = value;
      }
      feeds[name] = tensor('float32', shape, padded);
      return graph.input(name, 'float32', shape);
    };
    const flow = { input: x, output: x };
    graph.output(
      'delta',
      part!.family.delta(graph.root, flow, values, (_at, rows) => rows, noDrop),
    );
    return floats((await runGraph(encodeOnnx(graph), feeds))['delta']);
  }

  it.each([
    ['adapter', 'scale'],
    ['lora-qv', 'alpha'],
  ])('%s: twice the %s is twice the delta, a rank padded with zeros the same', async (name, factor) => {
    const tiny = await tinyModel('gpt2');
    const trained = await referenceAdapter(tiny, name);
    const { method, options } = trained.adapter;
    const twice = { ...options, [factor]: 2 * Number(options[factor]) };
    const doubled = { ...trained, adapter: adapterFor(tiny.model, method, twice) };
    const normal = await delta(tiny, trained);
    expect(normal.some((x) => x !== 0)).toBe(true);
    expect([...(await delta(tiny, doubled))]).toEqual([...normal].map((x) => 2 * x));
    expectClose(await delta(tiny, trained, 3), normal, 1e-6);
  });

  it('lora: the factor is alpha, alpha / r or alpha / sqrt(r)', async () => {
    const tiny = await tinyModel('gpt2');
    const trained = await referenceAdapter(tiny, 'lora-qv');
    const { options } = trained.adapter;
    const normal = await delta(tiny, trained);
    for (const [scaling, divisor] of [
      ['rank', Number(options['rank'])],
      ['rslora', Math.sqrt(Number(options['rank']))],
    ] as const) {
      const adapter = adapterFor(tiny.model, 'lora', { ...options, scaling });
      expectClose(
        await delta(tiny, { ...trained, adapter }),
        [...normal].map((x) => x / divisor),
        1e-6,
      );
    }
  });
});

it.each([
  // The sum with the residual, and what norms it for the next block.
  ['llama', 'SkipSimplifiedLayerNormalization'],
  ['gpt2', 'Add'],
])(
  'prad-spec 7.21: the mlp site of %s runs from the normed input to the branch output',
  async (folder, residual) => {
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
      expect(readers.map(({ operator }) => operator.type)).toEqual([residual]);
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
  const ffn = ['up_proj', 'down_proj'];
  const mlp = { projection: true };
  it.each([
    [gpt2, 'adapter', { rank: 108 }, 2_001_168],
    [gpt2, 'adapter', { rank: 200 }, 3_698_016],
    [gpt2, 'adapter', { rank: 16 }, 304_320],
    [gpt2, 'adapter', { rank: 32 }, 599_424],
    [gpt2, 'lora', { rank: 56 }, 2_064_384],
    [gpt2, 'lora', { rank: 100 }, 3_686_400],
    [gpt2, 'lora', { rank: 8 }, 294_912],
    [gpt2, 'lora', { rank: 16 }, 589_824],
    [gpt2, 'lora', { rank: 40, targets: ffn }, 3_686_400],
    [gpt2, 'dora', { rank: 40 }, 3_732_480],
    [gpt2, 'dora', { rank: 4 }, 414_720],
    [gpt2, 'prefix', { length: 108, ...mlp }, 5_990_508],
    [gpt2, 'prefix', { length: 108 }, 1_990_656],
    [gpt2, 'prefix', { length: 200, ...mlp }, 7_686_252],
    [gpt2, 'prefix', { length: 200 }, 3_686_400],
    [gpt2, 'prefix', { length: 64, ...mlp }, 5_179_500],
    [gpt2, 'mam', { prefix_length: 32, rank: 78 }, 2_037_672],
    [gpt2, 'mam', { prefix_length: 32, rank: 168 }, 3_697_632],
    [gpt2, 'mam', { prefix_length: 32, rank: 136 }, 3_107_424],
    [gpt2, 'mam', { prefix_length: 8, rank: 6 }, 267_336],
    [gpt2, 'mam', { prefix_length: 16, rank: 16 }, 599_232],
    [large, 'adapter', { rank: 100 }, 9_265_680],
    [large, 'lora', { rank: 50 }, 9_216_000],
    [large, 'dora', { rank: 16 }, 7_603_200],
    [large, 'prefix', { length: 200 }, 18_432_000],
    [llama7b, 'adapter', { rank: 4 }, 1_179_776],
    [llama7b, 'lora', { rank: 4 }, 2_097_152],
  ] as const)('%#', (model, method, options, count) => {
    expect(parameterCount(adapterFor(model, method, options))).toBe(count);
    // With the 17 rows of the released vocabulary.
    const special_tokens = Array.from({ length: 17 }, (_, index) => `<|${index}|>`);
    const withRows = parameterCount(adapterFor(model, method, { ...options, special_tokens }));
    expect(withRows - count).toBe(17 * model.dimensions.hiddenSize);
  });
});

describe('where a method attaches by default', () => {
  it.each([
    ['gpt2', 'adapter', ['mlp']],
    ['llama', 'adapter', ['mlp']],
    ['gpt2', 'lora', ['q_proj', 'v_proj']],
    ['llama', 'lora', ['k_proj', 'v_proj']],
    ['gpt2', 'dora', ['up_proj', 'down_proj']],
    ['llama', 'ia3', ['k_proj', 'v_proj', 'down_proj']],
    ['llama', 'mam', ['mlp']],
    ['gpt2', 'prefix', []],
  ])('%s %s', (folder, method, kinds) => {
    const model = architectureFor(referenceJson(`${folder}/config.json`));
    const { parts, options } = adapterFor(model, method, {});
    const expected = Array.from({ length: model.dimensions.layers }, (_, layer) =>
      kinds.map((kind) => `${layer} ${kind}`),
    );
    const got = parts.flatMap(({ sites }) => sites.map(({ layer, kind }) => `${layer} ${kind}`));
    expect(got.sort()).toEqual(expected.flat().sort());
    expect(adapterFor(model, method, options).options).toEqual(options);
  });

  it('fills in every default', () => {
    const model = architectureFor(referenceJson('gpt2/config.json'));
    const tokens = { special_tokens: [], special_tokens_tied: false };
    const bottleneck = { site: 'ffn', form: 'parallel', layer_norm: 'none', dropout: 0, init: 'identity' };
    expect(adapterFor(model, 'adapter', {}).options).toEqual({
      rank: 16,
      scale: 1,
      ...bottleneck,
      ...tokens,
    });
    expect(adapterFor(model, 'lora', {}).options).toEqual({
      ...{ rank: 8, alpha: 4, scaling: 'none', dropout: 0, dropout_at: 'output', init: 'identity' },
      ...tokens,
    });
    expect(adapterFor(model, 'prefix', {}).options).toEqual({
      ...{ length: 30, projection: false, projection_size: 108, dropout: 0 },
      ...tokens,
    });
  });
});

describe('options that are refused', () => {
  const model = architectureFor(referenceJson('gpt2/config.json'));
  it.each([
    [
      'bitfit',
      {},
      /unknown adapter method "bitfit"; known are adapter, lora, dora, prefix, prompt, mam, ia3/,
    ],
    ['prefix', { length: 0 }, /length: must be a whole number from 1 to 1024, got 0/],
    ['prefix', { rank: 4 }, /rank/],
    ['dora', { rank: 64 }, /adapter method dora: rank: at most/],
    ['ia3', { targets: ['mlp'] }, /targets/],
    ['adapter', { dropout: 1 }, /dropout/],
    ['adapter', { special_tokens: ['<a>', '<a>'] }, /special_tokens: must differ/],
    ['lora', { special_tokens_tied: true }, /special_tokens_tied: needs special_tokens/],
    ['adapter', { rank: 0 }, /adapter method adapter: rank: must be a whole number from 1 to 4096, got 0/],
    ['adapter', { rank: 33 }, /rank: at most the model's hidden size of 32, got 33/],
    ['lora', { rank: 2.5 }, /rank: must be a whole number/],
    ['lora', { rank: 5000 }, /rank: must be a whole number from 1 to 4096/],
    ['lora', { targets: ['gate_proj'] }, /targets: gpt2 has no gate_proj/],
    ['lora', { targets: ['mlp'] }, /targets/],
    ['adapter', { targets: ['q_proj'] }, /targets/],
    ['adapter', { scale: 0 }, /scale/],
    ['dora', { layers: [0, 3] }, /layers: gpt2 has layers 0 to 2, got 3/],
    ['ia3', { layers: [1, 1] }, /layers: must differ/],
    ['mam', { layers: [] }, /layers/],
  ])('%s %j', (method, options, message) => {
    expect(() => adapterFor(model, method, options)).toThrow(message);
  });
});
