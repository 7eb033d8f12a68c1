import type { Readable } from 'node:stream';
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { AdapterFolderBytes } from '@prad/adapter-files';
import { importAdapterFields, type ImportAdapterFields } from '@prad/contracts';
import { AppError } from '@prad/errors';

type Part = MultipartFile | MultipartValue;

/** Where the parts of the form go. */
const files = { adapter_config: 'config', adapter_model: 'weights' } as const;

/** An adapter is read as a whole; the largest that a LoRA of a 135M model takes is a tenth of this. */
const LARGEST_ADAPTER = 256 << 20;

/** What a form that imports an adapter holds. */
export interface AdapterForm {
  readonly fields: ImportAdapterFields;
  readonly folder: AdapterFolderBytes;
}

/** Reads the parts in whichever order they come. Throws invalid `invalid_form`, naming the part, or `file_too_large`. */
export async function readAdapterForm(parts: AsyncIterable<Part>, maxBytes: number): Promise<AdapterForm> {
  const fields: Record<string, unknown> = {};
  const folder: { config?: Uint8Array; weights?: Uint8Array } = {};
  for await (const part of parts) {
    if (part.type === 'field') fields[part.fieldname] = part.value;
    else await readFile(part, folder, Math.min(maxBytes, LARGEST_ADAPTER));
  }
  const checked = importAdapterFields.safeParse(fields);
  const [issue] = checked.error?.issues ?? [];
  if (issue) {
    const param = issue.path.join('.') || 'form';
    throw badForm(`\`${param}\`: ${issue.message}`, param);
  }
  const { config, weights } = folder;
  if (!checked.success || !config || !weights) {
    const missing = config ? 'adapter_model' : 'adapter_config';
    throw badForm(`the form has no file \`${missing}\``, missing);
  }
  return { fields: checked.data, folder: { config, weights } };
}

async function readFile(
  { file, fieldname }: MultipartFile,
  folder: { config?: Uint8Array; weights?: Uint8Array },
  maxBytes: number,
): Promise<void> {
  const name = Object.hasOwn(files, fieldname) ? files[fieldname as keyof typeof files] : undefined;
  if (name === undefined || folder[name]) {
    file.resume();
    throw badForm(`unknown or doubled form file \`${fieldname}\``, fieldname);
  }
  folder[name] = await bytesOf(file, () => file.truncated, fieldname, maxBytes);
}

/** What is too large is read on and dropped: a client that is still sending would not read the answer. */
async function bytesOf(
  source: Readable,
  isTruncated: () => boolean,
  param: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size <= maxBytes) chunks.push(chunk);
  }
  if (size <= maxBytes && !isTruncated()) return Buffer.concat(chunks);
  throw new AppError({
    kind: 'invalid',
    code: 'file_too_large',
    message: `\`${param}\` is larger than ${maxBytes} bytes, the most that an adapter may have`,
    details: { param },
  });
}

function badForm(message: string, param: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_form', message, details: { param } });
}
