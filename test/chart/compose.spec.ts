import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  danglingNames,
  applicationServices,
  deployFolder,
  loadCompose,
  prometheusConfig,
  requiredVariables,
} from './support/compose.js';

describe('compose.yaml', () => {
  it('is understood by the library of Docker Compose', async () => {
    const compose = await loadCompose();
    expect(danglingNames(compose)).toEqual([]);
    const { services } = compose;
    expect(Object.keys(services).sort()).toEqual([
      ...['api', 'grafana', 'migrate', 'postgres', 'prometheus', 'redis', 'worker-generate', 'worker-train'],
    ]);
    for (const [name, { image }] of Object.entries(services))
      expect(image, name).toMatch(/^[a-z/-]+:v?\d[\w.-]*$/);
  });

  it('waits for what is healthy or done, and looks after every service that stays', async () => {
    const { services } = await loadCompose();
    for (const [name, { depends_on: needed = {}, healthcheck, image }] of Object.entries(services)) {
      const staying = name !== 'migrate';
      // This project's images bring a HEALTHCHECK of their own.
      expect(healthcheck !== undefined || image.startsWith('prad-'), name).toBe(true);
      expect(healthcheck?.disable === true, name).toBe(!staying);
      for (const [other, { condition }] of Object.entries(needed))
        expect(condition, `${name} waits for ${other}`).toBe(
          other === 'migrate' ? 'service_completed_successfully' : 'service_healthy',
        );
    }
  });

  it("confines this project's services and gives them longer than their drain", async () => {
    for (const [name, service] of Object.entries(applicationServices(await loadCompose()))) {
      expect(service, name).toMatchObject({
        ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], tmpfs: ['/tmp'] },
      });
      const { DRAIN_MS: drain } = service.environment ?? {};
      if (drain !== undefined)
        expect(seconds(service.stop_grace_period), name).toBe(Number(drain) / 1000 + 10);
    }
  });

  it('mounts files that exist', async () => {
    const { services } = await loadCompose();
    const files = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.filter(({ type }) => type === 'bind'),
    );
    expect(files.length).toBeGreaterThan(3);
    for (const { source } of files) await access(source ?? 'no source');
  });

  it('asks for the secrets that .env.example lists', async () => {
    const example = await readFile(resolve(deployFolder, '.env.example'), 'utf8');
    const listed = [...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect((await requiredVariables()).toSorted()).toEqual(listed.toSorted());
  });

  it('lets Prometheus look at the API and at both workers, at the ports they serve', async () => {
    const services = applicationServices(await loadCompose());
    const { scrape_configs: jobs } = await prometheusConfig();
    const targets = jobs.flatMap(({ static_configs: groups }) => groups.flatMap((group) => group.targets));
    const ports = (name: string) =>
      services[name]?.environment?.['WORKER_PORT'] ?? services[name]?.environment?.['PORT'];
    expect(targets).toEqual(
      ['api', 'worker-generate', 'worker-train'].map((name) => `${name}:${String(ports(name))}`),
    );
  });
});

describe('the check itself', () => {
  const load = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'prad-compose-'));
    try {
      await writeFile(join(folder, 'compose.yaml'), text);
      return await loadCompose(join(folder, 'compose.yaml'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  it('refuses a field or a type that Compose does not know', async () => {
    await expect(load('services: {a: {image: "a:1", volume: []}}')).rejects.toThrow(/volume/);
    await expect(load('services: {a: {image: "a:1", ports: 80}}')).rejects.toThrow(/ports/);
  });

  it('finds names that lead nowhere', async () => {
    const service = '{image: "a:1", volumes: ["data:/b"], depends_on: [c], secrets: [d]}';
    expect(danglingNames(await load(`services: {a: ${service}}`))).toEqual([
      'a depends on c',
      'a mounts data',
      'a reads d',
    ]);
  });
});

function seconds(text = ''): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
}
