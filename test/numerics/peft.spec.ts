import { readFileSync, readdirSync } from 'node:fs';
import {
  decodeAdapterFolder,
  encodeAdapterFolder,
  readAdapterFolder,
  writeAdapterFolder,
  type AdapterBase,
  type AdapterFolderBytes,
} from '@prad/adapter-files';
import { layoutOf } from '@prad/models';
import { describe, expect, it } from 'vitest';
import { tinyModel } from './nn/reference.js';

const folder = new URL('../reference/peft', import.meta.url).pathname;
const samples = readdirSync(folder).filter((name) => /-(llama|gpt2)$/.test(name));

function bytesOf(sample: string): AdapterFolderBytes {
  const file = (name: string) => readFileSync(`${folder}/${sample}/${name}`);
  return { config: file('adapter_config.json'), weights: file('adapter_model.safetensors') };
}

async function baseOf(sample: string): Promise<AdapterBase> {
  const { model } = await tinyModel(sample.endsWith('gpt2') ? 'gpt2' : 'llama');
  return { name: 'tiny', digest: 'd'.repeat(64), layout: layoutOf(model) };
}

describe.each(samples)('%s', (sample) => {
  it('is exported as it was imported, byte for byte', async () => {
    const bytes = bytesOf(sample);
    const base = await baseOf(sample);
    const artefact = readAdapterFolder(await decodeAdapterFolder(bytes), base);
    const back = encodeAdapterFolder(writeAdapterFolder(artefact, base.layout, 'peft'));
    expect(Buffer.compare(back.weights, bytes.weights)).toBe(0);
    expect(JSON.parse(Buffer.from(back.config).toString())).toEqual(
      JSON.parse(Buffer.from(bytes.config).toString()),
    );
  });
});
