/** What a Dockerfile asks for, as far as this project's use it. */
export interface Stage {
  readonly name: string;
  /** Another stage's name, or an image. */
  readonly from: string;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'run'; readonly command: string }
  | {
      readonly kind: 'copy';
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'env'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'cmd' | 'healthcheck'; readonly argv: readonly string[] };

/** Throws for an instruction that this test does not carry out. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { name: string; from: string; steps: Step[] }[] = [];
  for (const line of logicalLines(text)) {
    const [, instruction = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
    if (instruction === 'FROM') {
      const [, from, name] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      if (from === undefined || name === undefined) throw new Error(`expected FROM ... AS ..., got ${line}`);
      stages.push({ from, name, steps: [] });
    } else stages.at(-1)!.steps.push(...parseStep(instruction, rest));
  }
  return stages;
}

function logicalLines(text: string): readonly string[] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function parseStep(instruction: string, rest: string): readonly Step[] {
  switch (instruction) {
    case 'RUN':
      return [{ kind: 'run', command: rest }];
    case 'COPY': {
      const [, from, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(rest) ?? [];
      const words = paths.split(/\s+/);
      return [{ kind: 'copy', from, sources: words.slice(0, -1), target: words.at(-1)! }];
    }
    case 'WORKDIR':
      return [{ kind: 'workdir', path: rest }];
    case 'ENV':
      return [
        {
          kind: 'env',
          values: Object.fromEntries(rest.split(/\s+/).map((pair) => pair.split('=', 2))) as Record<
            string,
            string
          >,
        },
      ];
    case 'USER':
      return [{ kind: 'user', user: rest }];
    case 'CMD':
      return [{ kind: 'cmd', argv: JSON.parse(rest) as string[] }];
    case 'HEALTHCHECK':
      return [{ kind: 'healthcheck', argv: JSON.parse(rest.slice(rest.indexOf('CMD') + 3)) as string[] }];
    case 'VOLUME':
    case 'EXPOSE':
      return [];
    default:
      throw new Error(`${instruction} is not carried out by this test`);
  }
}
