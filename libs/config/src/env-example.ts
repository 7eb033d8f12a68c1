import { z } from 'zod';
import {
  accessEnv,
  clientEnv,
  databaseEnv,
  dataEnv,
  engineEnv,
  httpEnv,
  hubEnv,
  loggingEnv,
  redisEnv,
  scalingEnv,
  workerEnv,
} from './fragments.js';
import type { EnvFragment } from './load-env.js';

export interface EnvSection {
  readonly title: string;
  readonly fragment: EnvFragment;
}

/** Every variable of the system by what it is about; .env.example and the documentation list them so. */
export const envSections: readonly EnvSection[] = [
  { title: 'Rows', fragment: databaseEnv },
  { title: 'Queue', fragment: redisEnv },
  { title: 'Files', fragment: dataEnv },
  { title: 'API', fragment: httpEnv },
  { title: 'Access', fragment: accessEnv },
  { title: 'Autoscaling', fragment: scalingEnv },
  { title: 'Commands', fragment: clientEnv },
  { title: 'Hugging Face Hub', fragment: hubEnv },
  { title: 'Logs', fragment: loggingEnv },
  { title: 'Models and generation', fragment: engineEnv },
  { title: 'Workers', fragment: workerEnv },
];

export interface EnvVariable {
  readonly name: string;
  readonly description: string;
  /** The default as text; undefined for a variable that may be absent. */
  readonly preset: string | undefined;
  /** A value to show for a variable that has no default. */
  readonly example: string;
}

const metadata = z.object({ description: z.string(), example: z.string().optional() });
const withDefault = z.object({ default: z.union([z.string(), z.number()]).optional() });

/** The variables of a fragment with what its schemas tell of them. Throws for one without a description. */
export function describeVariables(fragment: EnvFragment): readonly EnvVariable[] {
  return Object.entries(fragment).map(([name, schema]) => {
    const { description, example = '' } = metadata.parse(z.globalRegistry.get(schema) ?? { name });
    const { default: preset } = withDefault.parse(
      z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    );
    return { name, description, preset: preset === undefined ? undefined : String(preset), example };
  });
}

/** The text of .env.example: every variable with its description, commented out at its default or an example. */
export function renderEnvExample(sections: readonly EnvSection[]): string {
  const head = '# Every variable is optional. Generated from libs/config: npm run env:example\n';
  const blocks = sections.map(({ title, fragment }) => {
    const lines = describeVariables(fragment).map(
      ({ name, description, preset, example }) => `# ${description}\n#${name}=${preset ?? example}\n`,
    );
    return `\n## ${title}\n\n${lines.join('\n')}`;
  });
  return head + blocks.join('');
}
