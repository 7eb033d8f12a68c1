import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PRAD_TINY_CONFIG } from './prad-tiny/architecture.js';
import { taskFiles } from './tasks/bundled-tasks.js';
import { trainBundledTokenizer } from './tokenizer/bundled-tokenizer.js';
import { tokenizerConfigJson, tokenizerJson } from './tokenizer/tokenizer-files.js';

/** Path (relative to `bundled/`) and content of every generated file but the weights. */
export function bundledFiles(): Map<string, string> {
  const { vocab_size, max_position_embeddings } = PRAD_TINY_CONFIG;
  const files = new Map<string, string>();
  for (const [path, content] of taskFiles()) files.set(`tasks/${path}`, content);
  files.set('prad-tiny/config.json', `${JSON.stringify(PRAD_TINY_CONFIG, null, 2)}\n`);
  files.set('prad-tiny/tokenizer.json', tokenizerJson(trainBundledTokenizer(vocab_size)));
  files.set('prad-tiny/tokenizer_config.json', tokenizerConfigJson(max_position_embeddings));
  return files;
}

/** Remakes the files of `bundledFiles` in the given folder. */
export async function writeBundledFiles(folder: string): Promise<void> {
  for (const [path, content] of bundledFiles()) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}
