import { beforeAll, describe, expect, it } from 'vitest';
import { find, lint, names, parseManifests, render, valueSets, type Manifest } from './support/render.js';
import { ManifestSchemas } from './support/schemas.js';

let schemas: ManifestSchemas;
beforeAll(async () => {
  schemas = await ManifestSchemas.load();
});

describe.each(valueSets)('with the values %s', (set) => {
  it('passes helm lint', async () => {
    expect(await lint(set)).not.toMatch(/\[(WARNING|ERROR)\]/);
  });

  it('renders manifests that the API server would take', async () => {
    const manifests = await render(set);
    expect(manifests.length).toBeGreaterThan(5);
    expect(manifests.flatMap((manifest) => schemas.problems(manifest))).toEqual([]);
    expect(new Set(names(manifests)).size).toBe(manifests.length);
  });
});

describe('the check itself', () => {
  const problemsOf = (text: string) => parseManifests(text).flatMap((manifest) => schemas.problems(manifest));

  it('refuses a field that Kubernetes does not know, wherever it stands', async () => {
    const api = find(await render('external'), 'Deployment', 'demo-prad-api');
    const broken = structuredClone(api) as Manifest & {
      spec: { template: { spec: { containers: Record<string, unknown>[] } } };
    };
    broken.spec.template.spec.containers[0]!['readinesProbe'] = {};
    expect(schemas.problems(broken)).toEqual([
      expect.stringContaining('"additionalProperty":"readinesProbe"'),
    ]);
  });

  it('refuses wrong types, missing fields and kinds without a schema', () => {
    const head = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n';
    expect(problemsOf(`${head}spec: {ports: [{port: '80'}]}`)[0]).toContain('must be integer');
    expect(problemsOf(`${head}spec: {ports: [{name: a}]}`)[0]).toContain("required property 'port'");
    expect(problemsOf(head.replace('Service', 'Servise'))).toEqual(['no schema for v1 Servise']);
    expect(() => problemsOf(`${head}kind: Pod`)).toThrow('Map keys must be unique');
  });

  it("refuses what KEDA and the Prometheus operator's definitions do not have", () => {
    const scaled = `apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}\nspec: {scaleTargetRef: {name: a}, triggers: [{type: cpu, metadata: {a: b}}]`;
    expect(problemsOf(`${scaled}}`)).toEqual([]);
    expect(problemsOf(`${scaled}, maxReplicas: 2}`)[0]).toContain('maxReplicas');
    const monitor = 'apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\n';
    expect(problemsOf(`${monitor}spec: {endpoints: [{prot: http}], selector: {}}`)[0]).toContain('prot');
  });
});

describe('values.schema.json', () => {
  it.each<[string, string, RegExp, string?]>([
    ['a misspelt name', 'api={"replica":2}', /replica/],
    [
      'an unknown role',
      'workerPools=[{"name":"a","roles":["fly"],"device":"cpu","replicas":1,"resources":{}}]',
      /roles/,
    ],
    ['a role that has no queue', 'embedded={"roles":["serve"]}', /roles/],
    [
      'a device that is not known',
      'workerPools=[{"name":"a","roles":["train"],"device":"tpu","replicas":1,"resources":{}}]',
      /device/,
    ],
    [
      'a pool without a size',
      'workerPools=[{"name":"a","roles":["train"],"device":"cpu","resources":{}}]',
      /replicas/,
    ],
    [
      'a pool whose name is taken',
      'workerPools=[{"name":"api","roles":["train"],"device":"cpu","replicas":1,"resources":{}}]',
      /name/,
    ],
    [
      'Jobs without KEDA',
      'workerPools=[{"name":"a","roles":["train"],"device":"cpu","replicas":1,"maxReplicas":1,"job":true,"resources":{}}]',
      /job/,
    ],
    [
      'Redis triggers on a queue in Postgres',
      'queue={"store":"postgres"}',
      /trigger/,
      'scaling={"kind":"keda","keda":{"trigger":"redis"}}',
    ],
    ['a prefix that is no schema name', 'queue={"prefix":"a:b"}', /prefix/],
    ['a drain beyond an hour', 'drain={"workerMs":3600001}', /workerMs/],
  ])('refuses %s', async (_name, value, message, more = 'logLevel="info"') => {
    await expect(render('external', value, more)).rejects.toThrow(message);
  });

  it('asks for the Secret', async () => {
    await expect(render('external', 'secret={"existingSecret":""}')).rejects.toThrow(
      'name the Secret that holds',
    );
  });
});
