import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a file of the context reaches the builder, by .dockerignore: the last pattern that meets the path or a folder above decides. */
export function contextFilter(context: string): (path: string) => boolean {
  const rules = readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), pattern: toPattern(line.replace(/^!/, '')) }));
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    return rules.reduce(
      (kept, { keeps, pattern }) => (prefixes.some((prefix) => pattern.test(prefix)) ? keeps : kept),
      true,
    );
  };
}

function toPattern(glob: string): RegExp {
  const parts = glob.split('**/').map((part) =>
    part
      .split('*')
      .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^/]*'),
  );
  return new RegExp(`^${parts.join('(?:.*/)?')}$`);
}
