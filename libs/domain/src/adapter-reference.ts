/** What a request's model name says of an adapter: which one, and which of its versions. */
export interface AdapterReference {
  /** The adapter's id. */
  readonly adapter: string;
  /** A number, the name of an alias, or undefined: the latest. */
  readonly version: number | string | undefined;
}

/** The word after `@` that always names the latest version, and so is no alias. */
export const LATEST = 'latest';

/** Adapters as requests name them: `ft:<base>:<suffix>:<tag>`, which may end with `@3` or `@production`. */
const reference = /^(ft:[^:]+:[^:]*:[^:@]+)(?:@(.*))?$/s;

/** Undefined for names that are no adapter's. */
export function adapterReference(name: string): AdapterReference | undefined {
  const [, adapter, version] = reference.exec(name) ?? [];
  if (adapter === undefined) return undefined;
  if (version === undefined || version === LATEST) return { adapter, version: undefined };
  return { adapter, version: /^\d+$/.test(version) ? Number(version) : version };
}

/** Whether a word can be an alias: it never reads as a version. */
export function isAliasName(name: string): boolean {
  return name !== LATEST && /^[a-z][a-z0-9_-]{0,62}$/.test(name);
}
