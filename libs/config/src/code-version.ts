import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Where a build keeps its version, beside the built apps and libs. */
export const builtVersion = new URL('../../../code.json', import.meta.url);
const manifest = new URL('../../../package.json', import.meta.url);

const codeFile = z.object({ version: z.string(), commit: z.string().nullable() });
type CodeVersion = z.infer<typeof codeFile>;

let known: CodeVersion | undefined;

/** Which code runs, as its build noted it. Sources that run unbuilt have the manifest's version and no commit. */
export function codeVersion(): CodeVersion {
  known ??= read(builtVersion) ?? { version: 'unknown', ...read(manifest), commit: null };
  return known;
}

function read(file: URL): CodeVersion | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  return codeFile.parse({ commit: null, ...(JSON.parse(text) as object) });
}
