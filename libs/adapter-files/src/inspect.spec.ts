import { expect, it } from 'vitest';
import { artefactOf, filled, llamaLora } from '../testing/files.js';
import { baseOf, llamaLayout } from '../testing/layouts.js';
import { readAdapterFolder, writeAdapterFolder } from './convert.js';
import { inspectArtefact, inspectFolder } from './inspect.js';

it('tells the same of an artefact and of its folder', () => {
  const artefact = readAdapterFolder(llamaLora(), baseOf(llamaLayout), 'prompt');
  const facts = inspectArtefact(artefact);
  expect(facts).toMatchObject({
    ...{ method: 'lora', scope: 'prompt', baseModel: 'tiny-llama', baseDigest: 'd'.repeat(64) },
    ...{ tensorCount: 8, parameterCount: 56 },
    influence: 'prompt keys of layer 2, prompt values of all layers',
  });
  expect(inspectFolder(writeAdapterFolder(artefact, llamaLayout, 'prad'))).toEqual(facts);
});

it('tells of PEFT’s folder what is used', () => {
  const facts = inspectFolder(llamaLora({ base_model_name_or_path: 'org/base' }));
  expect(facts).toMatchObject({ method: 'LORA of PEFT', scope: 'all', baseModel: 'org/base' });
  expect(facts.options).toMatchObject({ r: 2, target_modules: ['q_proj', 'v_proj'] });
  expect(facts.options).not.toHaveProperty('rank_pattern');
  expect(facts.influence).toMatch(/^every position/);
});

it.each([
  ['transformer.h.3.mlp.adapter.up.bias', 'only the first answer token'],
  ['model.layers.0.mlp.down_proj.ia3.scale', 'only the first answer token'],
  ['base_model.model.transformer.h.0.attn.c_attn.lora_A.weight', 'prompt keys and values of all layers'],
  ['model.layers.0.self_attn.adapter.scale', 'only the first answer token'],
  ['prefix.weight', 'prompt keys and values of all layers'],
  ['prompt_embeddings', 'prompt keys and values of all layers'],
  ['special_tokens.weight', 'prompt keys and values of all layers'],
])('reads off %s what it changes: %s', (name, influence) => {
  const { tensors } = artefactOf('x', {}, { [name]: [1] });
  expect(inspectArtefact({ ...artefactOf('x', {}, {}), tensors }).influence).toBe(influence);
  const both = filled({ [name]: [1], 'model.layers.1.mlp.adapter.up.bias': [1] });
  expect(inspectArtefact({ ...artefactOf('x', {}, {}), tensors: both }).influence).toContain('prompt keys');
});
