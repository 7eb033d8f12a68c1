import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { downloadFile, listFiles } from '@huggingface/hub';
import { AppError } from '@prad/errors';

const HUB = 'hf:';
const wanted =
  /^(config|generation_config|tokenizer|tokenizer_config)\.json$|\.safetensors(\.index\.json)?$|^chat_template\.jinja$/;

/**
 * The local path of a model source. `hf:org/name` is downloaded from the Hugging Face Hub into `folder`, only the
 * files that an import reads; anything else is a path already.
 *
 * @throws AppError unavailable when the hub cannot be reached, invalid when the repository holds no model.
 */
export async function fetchModelSource(source: string, folder: string): Promise<string> {
  if (!source.startsWith(HUB)) return source;
  const repo = source.slice(HUB.length);
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo)) {
    throw new AppError({
      kind: 'invalid',
      code: 'invalid_model_source',
      message: `${source}: expected hf:organisation/name`,
    });
  }
  try {
    const files = await filesOf(repo);
    for (const path of files) await fetchFile(repo, path, join(folder, path));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError({
      kind: 'unavailable',
      code: 'hub_unavailable',
      message: `${repo} could not be downloaded from the Hugging Face Hub: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
  return folder;
}

async function filesOf(repo: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of listFiles({ repo })) {
    if (file.type === 'file' && wanted.test(file.path)) files.push(file.path);
  }
  if (!files.includes('config.json')) {
    throw new AppError({
      kind: 'invalid',
      code: 'invalid_model_source',
      message: `${repo}: the repository has no config.json`,
    });
  }
  return files;
}

async function fetchFile(repo: string, path: string, target: string): Promise<void> {
  const blob = await downloadFile({ repo, path });
  if (!blob) throw new Error(`${path} is missing`);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, Readable.fromWeb(blob.stream()));
}
