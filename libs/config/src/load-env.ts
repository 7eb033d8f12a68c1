import { AppError } from '@prad/errors';
import { z } from 'zod';

/** The environment as it comes from the system. */
export type EnvSource = Readonly<Record<string, string | undefined>>;

/** A set of variables: name to zod schema of its text, with a description. */
export type EnvFragment = Readonly<Record<string, z.ZodType>>;

export type Env<F extends EnvFragment> = Readonly<z.output<z.ZodObject<{ -readonly [K in keyof F]: F[K] }>>>;

/**
 * The environment's values, checked and frozen. An empty variable counts as absent.
 * Throws invalid `bad_environment` whose message names every problem with the variable's description.
 */
export function readEnv<F extends EnvFragment>(fragment: F, source: EnvSource): Env<F> {
  const given = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = z.object(fragment).safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const problems = parsed.error.issues.map((issue) => describeProblem(issue, fragment, given));
  throw new AppError({
    kind: 'invalid',
    code: 'bad_environment',
    message: `the environment has ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}:\n${problems.join('\n')}`,
    details: { variables: [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))] },
    cause: parsed.error,
  });
}

/** {@link readEnv} on this process's environment for the top of a `main.ts`: prints all problems and exits with status 1. */
export function loadEnv<F extends EnvFragment>(fragment: F, source: EnvSource = process.env): Env<F> {
  try {
    return readEnv(fragment, source);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

const SECRET = /URL|KEY|SECRET|TOKEN|PASSWORD/;

function describeProblem(issue: z.core.$ZodIssue, fragment: EnvFragment, given: EnvSource): string {
  const name = String(issue.path[0]);
  const value = given[name];
  const got =
    value === undefined
      ? 'got nothing'
      : SECRET.test(name)
        ? 'got another value'
        : `got ${JSON.stringify(value)}`;
  const description = z.globalRegistry.get(fragment[name] ?? z.never())?.description;
  return `  ${name}: ${issue.message}; ${got}${description === undefined ? '' : ` (${description})`}`;
}
