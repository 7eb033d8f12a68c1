import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this installation: the nearest one above whose package.json is this project's. */
export function repositoryRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "prad-cluster"'))
      return folder;
    if (dirname(folder) === folder)
      throw new Error(`no package.json of prad-cluster above ${import.meta.dirname}`);
  }
}

/** A file that ships with the project, for example `bundled('prad-tiny')`. */
export function bundled(...names: readonly string[]): string {
  return join(repositoryRoot(), 'bundled', ...names);
}
