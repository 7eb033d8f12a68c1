import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tensor } from '@prad/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { openModelSource } from '../open-model-source.js';
import { encodeSafetensors } from '../safetensors/encode.js';
import { errorOf } from '../../testing/outcome.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const at = temporaryFolder();
const put = (name: string, content: object | string | Uint8Array): Promise<void> =>
  writeFile(
    at('model', name),
    content instanceof Uint8Array || typeof content === 'string' ? content : JSON.stringify(content),
  );
const weights = (...names: string[]): Uint8Array =>
  encodeSafetensors(
    new Map(names.map((name, at) => [name, tensor('float16', [1], Uint16Array.of(0x3c00 + at))])),
  );

beforeEach(async () => {
  await rm(at('model'), { recursive: true, force: true });
  await mkdir(at('model'));
  await put('config.json', { model_type: 'llama' });
  await put('tokenizer.json', { model: {} });
});

describe('openModelSource of a folder', () => {
  it('reads one weight file and what stands beside it', async () => {
    await put('model.safetensors', weights('a', 'b'));
    await put('generation_config.json', { eos_token_id: 2 });
    await put('tokenizer_config.json', { eos_token: '</s>' });
    await put('chat_template.jinja', '{{ messages }}');
    const model = await openModelSource(at('model'));
    expect(model.config).toEqual({ model_type: 'llama' });
    expect(model.generationConfig).toEqual({ eos_token_id: 2 });
    expect(model.tokenizerConfig).toEqual({ eos_token: '</s>', chat_template: '{{ messages }}' });
    expect([...model.tensors.keys()]).toEqual(['a', 'b']);
    expect(await model.tensors.get('a')?.read()).toEqual(Float32Array.of(1));
    await model.close();
  });

  it('reads shards by their index', async () => {
    await put('one.safetensors', weights('a'));
    await put('two.safetensors', weights('b', 'c'));
    const map = { a: 'one.safetensors', b: 'two.safetensors', c: 'two.safetensors' };
    await put('model.safetensors.index.json', { weight_map: map });
    const model = await openModelSource(at('model'));
    expect([...model.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect((await model.tensors.get('c')?.read())?.length).toBe(1);
    await model.close();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a tensor that its shard does not hold',
      { a: 'one.safetensors', x: 'one.safetensors' },
      /names "x", but one.safetensors does not/,
    ],
    ['a shard with a tensor it does not name', {}, /expected|does not say so|weight_map/],
    ['a shard outside the folder', { a: '../one.safetensors' }, /must name a .safetensors file beside it/],
    ['a shard that is missing', { a: 'none.safetensors' }, /none.safetensors: no such file/],
  ])('refuses an index with %s', async (name, map, message) => {
    await put('one.safetensors', weights('a', 'b'));
    const weightMap = name.startsWith('a shard with')
      ? { a: 'one.safetensors' }
      : { ...map, ...(map['x'] && { b: 'one.safetensors' }) };
    await put('model.safetensors.index.json', { weight_map: weightMap });
    expect((await errorOf(() => openModelSource(at('model')))).message).toMatch(message);
  });

  it('names what is missing or broken', async () => {
    expect((await errorOf(() => openModelSource(at('model')))).message).toMatch(/expected model.safetensors/);
    await put('pytorch_model.bin', '');
    expect((await errorOf(() => openModelSource(at('model')))).message).toMatch(
      /.bin files must be saved as safetensors/,
    );
    await rm(at('model', 'tokenizer.json'));
    const missing = await errorOf(() => openModelSource(at('model')));
    expect(missing).toMatchObject({ kind: 'notFound' });
    expect(missing.message).toMatch(/tokenizer.json: no such file/);
    await put('config.json', '[]');
    expect((await errorOf(() => openModelSource(at('model')))).message).toMatch(
      /config.json: expected a JSON object/,
    );
    expect(await errorOf(() => openModelSource(at('nothing')))).toMatchObject({ kind: 'notFound' });
  });

  it('takes a file that is not GGUF for a broken GGUF file', async () => {
    await put('weights.gguf', 'hello, this is not a model at all');
    const error = await errorOf(() => openModelSource(at('model', 'weights.gguf')));
    expect(error).toMatchObject({ kind: 'invalid', code: 'gguf_malformed' });
  });
});
