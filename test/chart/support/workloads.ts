import type { Manifest } from './render.js';

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly Variable[];
  readonly ports?: readonly unknown[];
  readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
  readonly securityContext?: unknown;
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly volumeMounts?: readonly { readonly name: string }[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly automountServiceAccountToken?: boolean;
    readonly serviceAccountName?: string;
    readonly terminationGracePeriodSeconds?: number;
    readonly securityContext?: unknown;
    readonly containers: readonly Container[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly emptyDir?: unknown;
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
}

export interface Workload {
  /** Kind and name of what makes the pods. */
  readonly owner: string;
  readonly template: PodTemplate;
}

/** Every pod that the manifests lead to. */
export function podTemplates(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap((manifest) => {
    const owner = `${manifest.kind}/${manifest.metadata.name}`;
    if (manifest.kind === 'Pod') return [{ owner, template: manifest as unknown as PodTemplate }];
    const spec = manifest['spec'];
    const template = valueAt(spec, 'jobTargetRef', 'template') ?? valueAt(spec, 'template');
    return template === undefined ? [] : [{ owner, template: template as PodTemplate }];
  });
}

export function containers(template: PodTemplate): readonly Container[] {
  return template.spec.containers;
}

export function volumeNames(template: PodTemplate): readonly string[] {
  return (template.spec.volumes ?? []).map(({ name }) => name);
}

/** Names and literal values; a reference has the value undefined. */
export function environmentOf({ env = [] }: Container): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

/** What lies at the path, undefined where there is nothing. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[key] : undefined,
    value,
  );
}

/** Whether pods or Services with these labels are meant by a selector's labels. */
export function selects(matchLabels: unknown, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(matchLabels as Readonly<Record<string, string>>).every(
    ([name, value]) => labels[name] === value,
  );
}
