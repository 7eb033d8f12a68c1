import { tensor, type HostTensor, type Shape } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../../formats/testing/outcome.js';
import { artefactOf, floats, llamaLora, named, values } from '../../testing/files.js';
import { baseOf, gpt2Layout, llamaLayout } from '../../testing/layouts.js';
import { decodeAdapter, encodeAdapter, type AdapterArtefact } from '../adapter-artefact.js';
import { encodeAdapterFolder } from '../adapter-folder.js';
import { readAdapterFolder, writeAdapterFolder } from '../convert.js';

const llama = baseOf(llamaLayout);
const gpt2 = baseOf(gpt2Layout);

/** x [in] through a matrix [rows, columns] of PEFT's: one number a row. */
function rowsTimes(x: readonly number[], { shape, data }: HostTensor): number[] {
  const [rows = 0, columns = 0] = shape;
  return Array.from({ length: rows }, (_, row) =>
    x.reduce((sum, value, column) => sum + value * Number(data[row * columns + column]), 0),
  );
}

/** x [in] through a matrix [in, out] of ours. */
function timesColumns(x: readonly number[], { shape, data }: HostTensor): number[] {
  const columns = shape[1] ?? 0;
  return Array.from({ length: columns }, (_, column) =>
    x.reduce((sum, value, row) => sum + value * Number(data[row * columns + column]), 0),
  );
}

async function throughBytes(artefact: AdapterArtefact): Promise<AdapterArtefact> {
  return decodeAdapter(encodeAdapter(artefact), 'adapter');
}

const fusedAt = 'base_model.model.transformer.h.0.attn.c_attn';
const gpt2Qv = ['q_proj', 'v_proj'];

function gpt2Lora(options: object = {}, kinds = gpt2Qv, others: Record<string, Shape> = {}): AdapterArtefact {
  const shapes = [0, 1].flatMap((layer) =>
    kinds.flatMap((kind): [string, Shape][] => [
      [`transformer.h.${layer}.attn.${kind}.lora.a`, [4, 2]],
      [`transformer.h.${layer}.attn.${kind}.lora.b`, [2, 4]],
    ]),
  );
  return artefactOf(
    'lora',
    { rank: 2, alpha: 3, scaling: 'none', targets: kinds, ...options },
    { ...Object.fromEntries(shapes), ...others },
  );
}

describe('LoRA', () => {
  it('maps names, transposes and tells the factor', () => {
    const files = llamaLora();
    const { method, options, scope, tensors } = readAdapterFolder(files, llama);
    expect({ method, scope }).toEqual({ method: 'lora', scope: 'all' });
    expect(options).toEqual({
      ...{ rank: 2, alpha: 6, scaling: 'rank', targets: ['q_proj', 'v_proj'] },
      ...{ dropout: 0.1, dropout_at: 'input', init: 'identity' },
      ...{ special_tokens: [], special_tokens_tied: false },
    });
    const b = named(files.tensors, 'base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight');
    const own = named(tensors, 'model.layers.1.self_attn.v_proj.lora.b');
    expect(own.shape).toEqual([2, 2]);
    expect(timesColumns([1, 0], own)).toEqual([b.data[0], b.data[2]]);
    expect(tensors.size).toBe(8);
    expect(readAdapterFolder(llamaLora({ use_rslora: true }), llama, 'prompt')).toMatchObject({
      scope: 'prompt',
      options: { scaling: 'rslora' },
    });
  });

  it('gives back what came, through the artefact’s bytes', async () => {
    const files = llamaLora({ revision: 'main', base_model_name_or_path: 'x/y' });
    const artefact = await throughBytes(readAdapterFolder(files, llama));
    const back = writeAdapterFolder(artefact, llamaLayout, 'peft');
    expect(back.config).toEqual(files.config);
    expect(encodeAdapterFolder(back).weights).toEqual(encodeAdapterFolder(files).weights);
  });

  it.each([[[1]], [1]])('takes the layers of layers_to_transform %j', (layers) => {
    const { config, tensors } = llamaLora({ layers_to_transform: layers });
    const files = { config, tensors: new Map([...tensors].filter(([name]) => name.includes('layers.1.'))) };
    const artefact = readAdapterFolder(files, llama);
    expect(artefact.options['layers']).toEqual([1]);
    expect(writeAdapterFolder(artefact, llamaLayout, 'peft')).toEqual(files);
    const { method, options, scope, baseDigest, baseModel } = artefact;
    const own = { method, options, scope, baseDigest, baseModel, tensors: artefact.tensors };
    const written = writeAdapterFolder(own, llamaLayout, 'peft');
    expect(written.config['layers_to_transform']).toEqual([1]);
    expect(readAdapterFolder(written, llama).tensors).toEqual(artefact.tensors);
  });

  it('takes the targets that the method has by default where the options name none', () => {
    const options = Object.fromEntries(
      Object.entries(gpt2Lora().options).filter(([name]) => name !== 'targets'),
    );
    const files = writeAdapterFolder({ ...gpt2Lora(), options }, gpt2Layout, 'peft');
    expect(files).toEqual(writeAdapterFolder(gpt2Lora(), gpt2Layout, 'peft'));
    expect(files.config['target_modules']).toEqual(['c_attn']);
  });

  it('stacks different A of a fused module, pads the others, and computes the same', () => {
    const artefact = gpt2Lora({ targets: [...gpt2Qv, 'o_proj'] }, gpt2Qv, {
      'transformer.h.0.attn.c_proj.lora.a': [4, 2],
      'transformer.h.0.attn.c_proj.lora.b': [2, 4],
      'transformer.h.1.attn.c_proj.lora.a': [4, 2],
      'transformer.h.1.attn.c_proj.lora.b': [2, 4],
    });
    const { config, tensors } = writeAdapterFolder(artefact, gpt2Layout, 'peft');
    expect(config).toMatchObject({ r: 4, lora_alpha: 12, target_modules: ['attn.c_proj', 'c_attn'] });
    const x = [...values([4], 9)];
    const delta = (module: string) =>
      rowsTimes(
        rowsTimes(x, named(tensors, `${module}.lora_A.weight`)),
        named(tensors, `${module}.lora_B.weight`),
      );
    const own = (module: string) =>
      timesColumns(
        timesColumns(x, named(artefact.tensors, `${module}.lora.a`)),
        named(artefact.tensors, `${module}.lora.b`),
      );
    const at = 'transformer.h.0.attn';
    const expected = [...own(`${at}.q_proj`), 0, 0, 0, 0, ...own(`${at}.v_proj`)];
    delta(fusedAt).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? NaN, 6);
    });
    expect(delta(`base_model.model.${at}.c_proj`)).toEqual(own(`${at}.c_proj`));
    const again = readAdapterFolder({ config, tensors }, gpt2);
    expect(again.options['targets']).toEqual(['q_proj', 'k_proj', 'v_proj', 'o_proj']);
    const twice = writeAdapterFolder({ ...again }, gpt2Layout, 'peft');
    expect(encodeAdapterFolder(twice)).toEqual(encodeAdapterFolder({ config, tensors }));
  });

  it('keeps the rank where the projections share A', () => {
    const artefact = gpt2Lora();
    const tensors = new Map(artefact.tensors);
    for (const layer of [0, 1]) {
      const at = `transformer.h.${layer}.attn`;
      tensors.set(`${at}.v_proj.lora.a`, named(tensors, `${at}.q_proj.lora.a`));
    }
    const files = writeAdapterFolder({ ...artefact, tensors }, gpt2Layout, 'peft');
    expect(files.config).toMatchObject({ r: 2, lora_alpha: 6, fan_in_fan_out: true });
    expect(named(files.tensors, `${fusedAt}.lora_B.weight`).shape).toEqual([12, 2]);
  });

  it.each([
    ['none', 3],
    ['rank', 3 / 2],
    ['rslora', 3 / Math.sqrt(2)],
  ])('keeps the factor of scaling %s', (scaling, factor) => {
    for (const kinds of [gpt2Qv, ['q_proj']]) {
      const { config } = writeAdapterFolder(gpt2Lora({ scaling }, kinds), gpt2Layout, 'peft');
      const { lora_alpha: alpha, r, use_rslora: isRs } = config as Record<string, number>;
      expect(Number(alpha) / (isRs ? Math.sqrt(Number(r)) : Number(r))).toBeCloseTo(factor, 12);
    }
  });

  it('finds the fused modules of phi3', () => {
    const kinds = ['q_proj', 'k_proj', 'v_proj', 'gate_proj', 'up_proj'];
    const fused = Object.entries(llamaLayout.sites).map(([kind, site]) => [
      kind,
      { ...site, weight: site.weight && !kinds.includes(kind) },
    ]);
    const layout = {
      ...llamaLayout,
      modelType: 'phi3',
      layers: 1,
      sites: Object.fromEntries(fused) as typeof llamaLayout.sites,
    };
    const at = 'model.layers.0';
    const artefact = artefactOf(
      'lora',
      { rank: 1, alpha: 1, scaling: 'none', targets: ['k_proj', 'up_proj'] },
      {
        [`${at}.self_attn.k_proj.lora.a`]: [4, 1],
        [`${at}.self_attn.k_proj.lora.b`]: [1, 2],
        [`${at}.mlp.up_proj.lora.a`]: [4, 1],
        [`${at}.mlp.up_proj.lora.b`]: [1, 6],
      },
    );
    const { config, tensors } = writeAdapterFolder(artefact, layout, 'peft');
    expect(config).toMatchObject({ target_modules: ['gate_up_proj', 'qkv_proj'] });
    const b = floats(artefact.tensors, `${at}.mlp.up_proj.lora.b`);
    const zeros = [0, 0, 0, 0, 0, 0];
    expect(floats(tensors, `base_model.model.${at}.mlp.gate_up_proj.lora_B.weight`)).toEqual([
      ...zeros,
      ...b,
    ]);
    expect(named(tensors, `base_model.model.${at}.self_attn.qkv_proj.lora_B.weight`).shape).toEqual([8, 1]);
    const again = readAdapterFolder({ config, tensors }, baseOf(layout));
    expect(again.options['targets']).toEqual(kinds);
  });

  it('regroups the rows of GPT-NeoX’s fused module, which holds head by head', () => {
    const sites = ['q_proj', 'k_proj', 'v_proj'].map((kind) => {
      const module = `gpt_neox.layers.*.attention.${kind}`;
      return [kind, { module, inFeatures: 4, outFeatures: 4, weight: false, bias: true }] as const;
    });
    const layout = { ...gpt2Layout, modelType: 'gpt_neox', layers: 1, sites: Object.fromEntries(sites) };
    const at = 'base_model.model.gpt_neox.layers.0.attention.query_key_value';
    const rows = Float32Array.from({ length: 12 }, (_, row) => row);
    const { config } = llamaLora({ r: 1, use_dora: true, target_modules: ['query_key_value'] });
    const tensors = new Map<string, HostTensor>([
      [`${at}.lora_A.weight`, tensor('float32', [1, 4], values([4]))],
      [`${at}.lora_B.weight`, tensor('float32', [12, 1], rows)],
      [`${at}.lora_magnitude_vector`, tensor('float32', [12], rows)],
    ]);
    const artefact = readAdapterFolder({ config, tensors }, baseOf(layout));
    for (const name of ['b', 'magnitude']) {
      // Two heads of two: each has two rows of queries, then of keys, then of values.
      const key = floats(artefact.tensors, `gpt_neox.layers.0.attention.k_proj.dora.${name}`);
      expect(key).toEqual([2, 3, 8, 9]);
    }
    expect(writeAdapterFolder(artefact, layout, 'peft')).toEqual({ config, tensors });
  });

  it('is exported as DoRA only where PEFT computes the same', async () => {
    const at = 'transformer.h.0.attn.q_proj.dora';
    const one = { ...gpt2Layout, layers: 1 };
    const dora = (options: object) =>
      artefactOf(
        'dora',
        { rank: 1, alpha: 1, targets: ['q_proj'], ...options },
        { [`${at}.a`]: [4, 1], [`${at}.b`]: [1, 4], [`${at}.magnitude`]: [4] },
      );
    const biased = await errorOf(() => writeAdapterFolder(dora({}), one, 'peft'));
    expect(biased).toMatchObject({ kind: 'conflict', code: 'not_expressible' });
    expect(biased.message).toContain('scale_bias');
    const part = await errorOf(() => writeAdapterFolder(dora({ scale_bias: false }), one, 'peft'));
    expect(part.message).toContain('c_attn');
  });
});
