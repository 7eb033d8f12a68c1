import { tensor, type HostTensor, type Shape } from '@prad/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged } from '../../formats/testing/damage.js';
import { errorOf, outcome } from '../../formats/testing/outcome.js';
import { artefactOf, filled, floats, llamaLora, named, values } from '../testing/files.js';
import { baseOf, llamaLayout } from '../testing/layouts.js';
import type { AdapterArtefact } from './adapter-artefact.js';
import { decodeAdapterFolder, encodeAdapterFolder } from './adapter-folder.js';
import { readAdapterFolder, writeAdapterFolder } from './convert.js';
import type { AdapterFiles } from './peft/peft-method.js';

const llama = baseOf(llamaLayout);

describe('prefix and prompt tuning', () => {
  it.each([
    ['PREFIX_TUNING', 'prefix', { num_attention_heads: 1, num_layers: 2, token_dim: 2 }, 8],
    ['PREFIX_TUNING', 'prefix', { prefix_projection: true, encoder_hidden_size: 7 }, 8],
    ['PROMPT_TUNING', 'prompt', { token_dim: 4, prompt_tuning_init: 'RANDOM' }, 4],
  ])('%s is %s, in the scope of prompts', (type, method, fields, width) => {
    const files: AdapterFiles = {
      config: { peft_type: type, num_virtual_tokens: 3, num_transformer_submodules: 1, ...fields },
      tensors: filled({ prompt_embeddings: [3, width] }),
    };
    const artefact = readAdapterFolder(files, llama);
    expect(artefact).toMatchObject({ method, scope: 'prompt', options: { length: 3 } });
    expect(floats(artefact.tensors, `${method}.weight`)).toEqual(floats(files.tensors, 'prompt_embeddings'));
    expect(writeAdapterFolder(artefact, llamaLayout, 'peft')).toEqual(files);
    const ours = artefactOf(method, { length: 3 }, { [`${method}.weight`]: [3, width] });
    const written = writeAdapterFolder(ours, llamaLayout, 'peft');
    expect(readAdapterFolder(written, llama).tensors).toEqual(artefact.tensors);
  });
});

describe('PRAD', () => {
  const shapes = [0, 1].flatMap((layer): [string, Shape][] => [
    [`model.layers.${layer}.mlp.adapter.down.weight`, [4, 2]],
    [`model.layers.${layer}.mlp.adapter.down.bias`, [2]],
    [`model.layers.${layer}.mlp.adapter.up.weight`, [2, 4]],
    [`model.layers.${layer}.mlp.adapter.up.bias`, [4]],
  ]);
  const options = {
    ...{ rank: 2, scale: 1, site: 'ffn', form: 'parallel', layer_norm: 'none', dropout: 0 },
    ...{ init: 'released', special_tokens: [], special_tokens_tied: false },
  };
  const artefact = artefactOf('adapter', options, Object.fromEntries(shapes));

  it('holds all that an artefact does', async () => {
    const imported = readAdapterFolder(llamaLora(), llama);
    for (const one of [{ ...artefact, baseModel: llama.name }, imported]) {
      const bytes = encodeAdapterFolder(writeAdapterFolder(one, llamaLayout, 'prad'));
      expect(readAdapterFolder(await decodeAdapterFolder(bytes), llama)).toEqual(one);
    }
  });

  it('fits its own base and keeps its scope', async () => {
    const files = writeAdapterFolder(artefact, llamaLayout, 'prad');
    const other = { ...llama, digest: 'e'.repeat(64) };
    expect(await errorOf(() => readAdapterFolder(files, other))).toMatchObject({ code: 'wrong_base_model' });
    expect(await errorOf(() => readAdapterFolder(files, llama, 'all'))).toMatchObject({ kind: 'invalid' });
  });

  it.each<[string, AdapterArtefact, RegExp]>([
    ['an unknown method', { ...artefact, method: 'toString' }, /known methods are adapter, lora/],
    ['an unknown option', { ...artefact, options: { ranks: 2 } }, /ranks/],
    ['a rank beyond the hidden size', { ...artefact, options: { rank: 5 } }, /rank: at most/],
    ['another rank than the tensors’', { ...artefact, options: { rank: 3 } }, /\[4, 3\] expected/],
    ['a missing tensor', { ...artefact, tensors: new Map() }, /down.weight: \[4, 2\] expected, got nothing/],
    ['a site that the base lacks', { ...artefact, method: 'lora', options: { targets: ['mlp'] } }, /targets/],
    ['an unfolded prefix', { ...artefact, method: 'prefix', options: { projection: true } }, /projection/],
  ])('is refused with %s', async (_what, broken, message) => {
    const files = writeAdapterFolder(broken, llamaLayout, 'prad');
    const error = await errorOf(() => readAdapterFolder(files, llama));
    expect(error.kind).toBe('invalid');
    expect(error.message).toMatch(message);
  });

  it('is the only form of methods that PEFT does not have', async () => {
    const error = await errorOf(() => writeAdapterFolder(artefact, llamaLayout, 'peft'));
    expect(error).toMatchObject({ code: 'not_expressible' });
  });
});

describe('files of others', () => {
  it.each<[string, Record<string, unknown>]>([
    ['peft_type', { peft_type: 'LOHA' }],
    ['peft_type', { peft_type: 'toString' }],
    ['bias', { bias: 'all' }],
    ['task_type', { task_type: 'SEQ_CLS' }],
    ['rank_pattern', { rank_pattern: { q_proj: 4 } }],
    ['alpha_pattern', { alpha_pattern: { q_proj: 4 } }],
    ['modules_to_save', { modules_to_save: ['lm_head'] }],
    ['layers_to_transform', { layers_to_transform: [0, 2] }],
    ['layers_to_transform', { layers_to_transform: 'all' }],
    ['layers_pattern', { layers_pattern: 'h' }],
    ['target_modules', { target_modules: '.*_proj' }],
    ['target_modules', { target_modules: ['lm_head'] }],
    ['target_modules', { target_modules: ['model.layers.0.self_attn.q_proj', 'v_proj'] }],
    ['target_modules', { target_modules: [] }],
    ['init_lora_weights', { init_lora_weights: 'pissa' }],
    ['r', { r: 0 }],
    ['lora_alpha', { lora_alpha: 'x' }],
    ['use_qalora', { use_qalora: true }],
    ['a_field_of_the_future', { a_field_of_the_future: 1 }],
  ])('are refused by %s %j', async (field, changes) => {
    const error = await errorOf(() => readAdapterFolder(llamaLora(changes), llama));
    expect(error).toMatchObject({ kind: 'invalid', code: 'unsupported_adapter_config' });
    expect(error.message).toContain(`\`${field}`);
  });

  it('are refused by the tensor that is missing, superfluous, of another shape or not finite', async () => {
    const { config, tensors } = llamaLora();
    const [name = ''] = tensors.keys();
    const changed = (value?: HostTensor): AdapterFiles => {
      const copy = new Map(tensors);
      copy.delete(name);
      if (value) copy.set(name, value);
      return { config, tensors: copy };
    };
    const shape = [2, 4];
    const cases: [AdapterFiles, RegExp][] = [
      [changed(), /got nothing/],
      [changed(tensor('float32', [4, 2], values(shape))), /\[2, 4\] expected, got \[4, 2\]/],
      [changed(tensor('int32', shape, new Int32Array(8))), /floats expected, got int32/],
      [changed(tensor('float32', shape, new Float32Array(8).fill(NaN))), /no finite number/],
      [{ config, tensors: new Map([...tensors, ['x', named(tensors, name)]]) }, /tensor x belongs to no/],
    ];
    for (const [files, message] of cases) {
      const error = await errorOf(() => readAdapterFolder(files, llama));
      expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_adapter' });
      expect(error.message).toMatch(message);
    }
  });

  it('may hold halves', () => {
    const { config, tensors } = llamaLora();
    const [name = ''] = tensors.keys();
    const half = tensor('float16', [2, 4], new Uint16Array(8).fill(0x3e00));
    const read = readAdapterFolder({ config, tensors: new Map([...tensors, [name, half]]) }, llama);
    expect(floats(read.tensors, 'model.layers.0.self_attn.q_proj.lora.a')).toEqual(Array(8).fill(1.5));
  });

  it('never fail otherwise when they are damaged', async () => {
    const good = encodeAdapterFolder(llamaLora());
    const bytes = fc.oneof(
      damaged(good.config).map((config) => ({ ...good, config })),
      damaged(good.weights).map((weights) => ({ ...good, weights })),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (folder) => {
        await outcome(async () => readAdapterFolder(await decodeAdapterFolder(folder), llama));
      }),
      { numRuns: 1000 },
    );
  });

  it('never fail otherwise on any field of any value', async () => {
    const fields = Object.keys(llamaLora().config);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), fc.jsonValue(), async (field, value) => {
        await outcome(() => readAdapterFolder(llamaLora({ [field]: value }), llama));
      }),
      { numRuns: 500 },
    );
  });
});
