import { send } from './http.js';

/** Saves what the API has at a path. A plain link would carry no key. Throws ApiError. */
export async function download(path: string, filename: string): Promise<void> {
  const address = URL.createObjectURL(await (await send(path)).blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = filename;
  link.click();
  URL.revokeObjectURL(address);
}
