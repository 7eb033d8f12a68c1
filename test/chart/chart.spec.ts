import { describe, expect, it } from 'vitest';
import { find, NAMESPACE, render, valueSets, type Manifest } from './support/render.js';
import {
  containers,
  environmentOf,
  podTemplates,
  selects,
  valueAt,
  volumeNames,
  type PodTemplate,
} from './support/workloads.js';

/** The secrets that a user is told to make. */
const secretKeys = ['DATABASE_URL', 'REDIS_URL', 'API_KEYS', 'SCALING_TOKEN', 'REDIS_PASSWORD'];

describe.each(valueSets)('with the values %s', (set) => {
  it('every pod is confined, has probes or ends by itself, and mounts what it names', async () => {
    for (const { owner, template } of podTemplates(await render(set))) {
      const spec = template.spec;
      expect(spec.automountServiceAccountToken, owner).toBe(false);
      expect(spec.securityContext, owner).toMatchObject({
        ...{ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of containers(template)) {
        expect(container.securityContext, owner).toEqual({
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources?.limits, owner).toHaveProperty('memory');
        const served = container.ports !== undefined;
        expect(container.livenessProbe !== undefined && container.readinessProbe !== undefined, owner).toBe(
          served,
        );
        for (const { name } of container.volumeMounts ?? [])
          expect([...volumeNames(template), 'data'], owner).toContain(name);
      }
    }
  });

  it('selectors select, in one place each', async () => {
    const manifests = await render(set);
    const templates = podTemplates(manifests);
    for (const { kind, metadata, spec } of manifests as readonly (Manifest & { spec: never })[]) {
      if (
        ![
          'Service',
          'PodDisruptionBudget',
          'NetworkPolicy',
          'PodMonitor',
          'Deployment',
          'StatefulSet',
        ].includes(kind)
      )
        continue;
      const labels =
        valueAt(spec, 'selector', 'matchLabels') ??
        valueAt(spec, 'podSelector', 'matchLabels') ??
        valueAt(spec, 'selector');
      const chosen = templates.filter(({ template }) => selects(labels, template.metadata.labels));
      expect(chosen.length, `${kind} ${metadata.name}`).toBeGreaterThan(0);
      if (['Service', 'PodDisruptionBudget', 'Deployment', 'StatefulSet'].includes(kind))
        expect(
          chosen.map(({ owner }) => owner),
          `${kind} ${metadata.name}`,
        ).toHaveLength(1);
    }
    for (const { spec } of manifests.filter(({ kind }) => kind === 'ServiceMonitor'))
      expect(
        manifests.some(
          ({ kind, metadata }) =>
            kind === 'Service' && selects(valueAt(spec, 'selector', 'matchLabels'), metadata.labels ?? {}),
        ),
      ).toBe(true);
  });

  it('autoscalers and claims name what is there', async () => {
    const manifests = await render(set);
    for (const { kind, spec, metadata } of manifests) {
      if (kind !== 'ScaledObject' && kind !== 'HorizontalPodAutoscaler') continue;
      const target = find(manifests, 'Deployment', valueAt(spec, 'scaleTargetRef', 'name') as string);
      expect(target['spec'], metadata.name).not.toHaveProperty('replicas');
    }
    for (const { template } of podTemplates(manifests)) {
      const claim = (template.spec.volumes ?? []).find(
        (volume) => volume.persistentVolumeClaim !== undefined,
      );
      const name = claim?.persistentVolumeClaim?.claimName;
      if (name !== undefined && name !== 'shared-blobs') find(manifests, 'PersistentVolumeClaim', name);
    }
  });

  it('secrets are references to the existing one', async () => {
    const manifests = await render(set);
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const { owner, template } of podTemplates(manifests))
      for (const container of containers(template))
        for (const { name, valueFrom } of container.env ?? [])
          if (secretKeys.includes(name))
            expect(valueFrom?.secretKeyRef, owner).toEqual({ name: 'prad', key: name });
  });
});

describe('the grace period', () => {
  const graceAndDrain = ({ template }: { template: PodTemplate }): readonly [number, number] => [
    template.spec.terminationGracePeriodSeconds ?? NaN,
    Number(environmentOf(containers(template)[0]!)['DRAIN_MS']),
  ];

  it.each(['external', 'keda', 'hpa'] as const)(
    'is the drain and the margin with the values %s',
    async (set) => {
      const drained = podTemplates(await render(set)).filter(({ template }) =>
        containers(template).some(({ ports }) => ports !== undefined),
      );
      expect(drained.length).toBeGreaterThan(1);
      for (const pod of drained) {
        const [grace, drainMs] = graceAndDrain(pod);
        const preStop = pod.owner.endsWith('-api') ? 5 : 0;
        expect(grace, pod.owner).toBe(Math.ceil(drainMs / 1000) + 10 + preStop);
      }
    },
  );

  it('follows the values', async () => {
    const manifests = await render('external', 'drain={"apiMs":1500,"workerMs":90000,"marginSeconds":7}');
    const of = (name: string) =>
      graceAndDrain(podTemplates(manifests).find(({ owner }) => owner === `Deployment/${name}`)!);
    expect(of('demo-prad-api')).toEqual([2 + 7 + 5, 1500]);
    expect(of('demo-prad-train')).toEqual([90 + 7, 90_000]);
    const keda = podTemplates(await render('keda')).find(
      ({ owner }) => owner === 'ScaledJob/demo-prad-train',
    )!;
    expect(graceAndDrain(keda)).toEqual([121 + 10, 120_500]);
  });
});

describe('scaling by KEDA', () => {
  it("asks the API for each pool's roles, with the token of the Secret", async () => {
    const manifests = await render('keda');
    expect(find(manifests, 'TriggerAuthentication', 'demo-prad-scaling')['spec']).toEqual({
      secretTargetRef: [{ parameter: 'token', name: 'prad', key: 'SCALING_TOKEN' }],
    });
    expect(find(manifests, 'ScaledObject', 'demo-prad-generate')['spec']).toMatchObject({
      ...{ minReplicaCount: 0, maxReplicaCount: 6, fallback: { failureThreshold: 3, replicas: 1 } },
      triggers: [
        {
          type: 'metrics-api',
          metadata: {
            url: `http://demo-prad-api.${NAMESPACE}.svc:80/internal/scaling/generate,import`,
            ...{ valueLocation: 'needed', targetValue: '16', authMode: 'bearer' },
          },
          authenticationRef: { name: 'demo-prad-scaling' },
        },
      ],
    });
  });

  it('runs each training as a Job that ends after it', async () => {
    const manifests = await render('keda');
    const job = find(manifests, 'ScaledJob', 'demo-prad-train');
    expect(job['spec']).toMatchObject({
      ...{ maxReplicaCount: 3, rollout: { strategy: 'gradual' } },
      scalingStrategy: { strategy: 'accurate' },
      triggers: [{ metadata: { valueLocation: 'unclaimed', targetValue: '1' } }],
    });
    const { template } = podTemplates([job])[0]!;
    expect(environmentOf(containers(template)[0]!)).toMatchObject({
      WORKER_ROLES: 'train',
      WORKER_ONCE: 'true',
    });
    expect(
      manifests.filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-train')),
    ).toEqual([]);
    const plain = await render('keda', 'scaling.keda.job.strategy="default"');
    expect(find(plain, 'ScaledJob', 'demo-prad-train')['spec']).toMatchObject({
      ...{ scalingStrategy: { strategy: 'default' }, triggers: [{ metadata: { valueLocation: 'needed' } }] },
    });
  });

  it("counts the queue's keys in Redis under the prefix that API and workers use", async () => {
    const manifests = await render('keda-redis');
    const spec = find(manifests, 'ScaledObject', 'demo-prad-generate')['spec'];
    const lists = (of: unknown) =>
      (valueAt(of, 'triggers') as { metadata: { listName: string } }[]).map(
        ({ metadata }) => metadata.listName,
      );
    expect(lists(spec)).toEqual(
      ['generate', 'import'].flatMap((role) =>
        ['wait', 'prioritized', 'active'].map((state) => `prad_jobs:${role}:${state}`),
      ),
    );
    expect(valueAt(spec, 'advanced', 'scalingModifiers')).toEqual({
      formula:
        'generate_wait + generate_prioritized + generate_active + import_wait + import_prioritized + import_active',
      target: '8',
    });
    expect(lists(find(manifests, 'ScaledJob', 'demo-prad-train')['spec'])).toEqual([
      'prad_jobs:train:wait',
      'prad_jobs:train:prioritized',
    ]);
    for (const { owner, template } of podTemplates(manifests)) {
      const variables = environmentOf(containers(template)[0]!);
      if ('QUEUE_PREFIX' in variables) expect(variables['QUEUE_PREFIX'], owner).toBe('prad_jobs');
    }
  });
});

describe('scaling without KEDA', () => {
  it('follows the CPU, or an external metric', async () => {
    const cpu = await render('hpa');
    expect(find(cpu, 'HorizontalPodAutoscaler', 'demo-prad-train')['spec']).toMatchObject({
      ...{ minReplicas: 1, maxReplicas: 4 },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
    });
    const external = await render(
      'hpa',
      'scaling.hpa={"metric":"external","external":{"name":"prad_needed"}}',
    );
    expect(find(external, 'HorizontalPodAutoscaler', 'demo-prad-generate')['spec']).toMatchObject({
      metrics: [
        {
          external: {
            metric: { name: 'prad_needed', selector: { matchLabels: { pool: 'generate' } } },
            target: { averageValue: '16' },
          },
        },
      ],
    });
  });
});

describe('the migration', () => {
  it('runs before anything else, without what the chart makes only afterwards', async () => {
    const job = find(await render('external'), 'Job', 'demo-prad-migrate');
    expect(job.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    const { template } = podTemplates([job])[0]!;
    expect(template.spec.serviceAccountName).toBeUndefined();
    expect(template.spec.volumes).toEqual([{ name: 'tmp', emptyDir: {} }]);
    expect((await render('embedded')).some(({ kind }) => kind === 'Job')).toBe(false);
  });
});

describe('an embedded installation', () => {
  it('is one pod with one volume behind the usual Service', async () => {
    const manifests = await render('embedded');
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(
      ['NetworkPolicy', 'NetworkPolicy', 'Pod', 'Service', 'ServiceAccount', 'StatefulSet'].sort(),
    );
    const stateful = find(manifests, 'StatefulSet', 'demo-prad-embedded');
    const { template } = podTemplates([stateful])[0]!;
    const variables = environmentOf(containers(template)[0]!);
    expect(variables).not.toHaveProperty('DATABASE_URL');
    expect(variables).toMatchObject({ HOST: '0.0.0.0', PRAD_DATA_DIR: '/data' });
  });
});

it('gives pools with the device cuda their own image and leaves the others theirs', async () => {
  const gpu = { limits: { cpu: '4', memory: '16Gi', 'nvidia.com/gpu': 1 } };
  const pools = [
    { name: 'gpu', roles: ['generate'], device: 'cuda', replicas: 1, resources: gpu },
    { name: 'cpu', roles: ['train'], device: 'cpu', replicas: 1, resources: { limits: { memory: '1Gi' } } },
  ];
  const templates = podTemplates(await render('external', `workerPools=${JSON.stringify(pools)}`));
  const workers = templates
    .flatMap(({ template }) => containers(template))
    .filter(({ name }) => name === 'worker');
  const seen = workers.map((worker) => [environmentOf(worker)['DEVICE'], worker.image.replace(/:.*/, '')]);
  expect(Object.fromEntries(seen)).toEqual({ cuda: 'prad-worker-cuda', cpu: 'prad-worker' });
});
