import { accessKey } from '../api/access-key.js';

/** A request as a command that does the same; the key is named and never shown. */
export function curl(path: string, body?: unknown): string {
  const lines = [`curl -sN ${location.origin}${path}`, ...keyHeader()];
  if (body !== undefined) {
    lines.push("-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  }
  return lines.join(' \\\n  ');
}

/** An upload as a command. */
export function curlUpload(file: string): string {
  return [
    `curl -s ${location.origin}/v1/files`,
    ...keyHeader(),
    `-F purpose=fine-tune -F file=@${file}`,
  ].join(' \\\n  ');
}

function keyHeader(): readonly string[] {
  return accessKey() === null ? [] : ['-H "authorization: Bearer $PRAD_API_KEY"'];
}

/** One word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
