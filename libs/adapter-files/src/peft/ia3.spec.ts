import type { Shape } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../../formats/testing/outcome.js';
import { artefactOf, filled, floats, values } from '../../testing/files.js';
import { baseOf, gpt2Layout, llamaLayout } from '../../testing/layouts.js';
import { readAdapterFolder, writeAdapterFolder } from '../convert.js';
import type { AdapterFiles } from './peft-method.js';

const llama = baseOf(llamaLayout);
const gpt2 = baseOf(gpt2Layout);

const fusedAt = 'base_model.model.transformer.h.0.attn.c_attn';

describe('IA3', () => {
  it('is split and joined at fused modules', () => {
    const files: AdapterFiles = {
      config: {
        ...{ peft_type: 'IA3', target_modules: ['c_attn', 'mlp.c_proj'] },
        feedforward_modules: ['mlp.c_proj'],
      },
      tensors: filled(
        Object.fromEntries(
          [0, 1].flatMap((layer): [string, Shape][] => [
            [`base_model.model.transformer.h.${layer}.attn.c_attn.ia3_l`, [12, 1]],
            [`base_model.model.transformer.h.${layer}.mlp.c_proj.ia3_l`, [1, 16]],
          ]),
        ),
      ),
    };
    const artefact = readAdapterFolder(files, gpt2);
    expect(artefact.options['targets']).toEqual(['q_proj', 'k_proj', 'v_proj', 'down_proj']);
    expect(floats(artefact.tensors, 'transformer.h.1.attn.k_proj.ia3.scale')).toEqual(
      floats(files.tensors, 'base_model.model.transformer.h.1.attn.c_attn.ia3_l').slice(4, 8),
    );
    expect(writeAdapterFolder(artefact, gpt2Layout, 'peft')).toEqual(files);
  });

  it('scales by 1 what is not adapted of a fused module', () => {
    const artefact = artefactOf(
      'ia3',
      { targets: ['v_proj'] },
      { 'transformer.h.0.attn.v_proj.ia3.scale': [4] },
    );
    const { tensors } = writeAdapterFolder(artefact, { ...gpt2Layout, layers: 1 }, 'peft');
    const whole = floats(tensors, `${fusedAt}.ia3_l`);
    expect(whole.slice(0, 8)).toEqual(Array(8).fill(1));
    expect(whole.slice(8)).toEqual([...values([4])]);
  });

  it('names whole paths where not all layers are adapted', () => {
    const options = { targets: ['k_proj', 'down_proj'], layers: [1] };
    const artefact = artefactOf('ia3', options, {
      'model.layers.1.self_attn.k_proj.ia3.scale': [2],
      'model.layers.1.mlp.down_proj.ia3.scale': [6],
    });
    const files = writeAdapterFolder(artefact, llamaLayout, 'peft');
    expect(files.config['target_modules']).toEqual([
      'model.layers.1.self_attn.k_proj',
      'model.layers.1.mlp.down_proj',
    ]);
    const again = readAdapterFolder(files, llama);
    expect(again.options).toMatchObject(options);
    expect(again.tensors).toEqual(artefact.tensors);
  });

  it('refuses an input that is not scaled here', async () => {
    const config = { peft_type: 'IA3', target_modules: ['k_proj'], feedforward_modules: ['k_proj'] };
    const error = await errorOf(() => readAdapterFolder({ config, tensors: new Map() }, llama));
    expect(error.details['field']).toBe('feedforward_modules');
  });
});
