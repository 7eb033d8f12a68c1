import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { readSettings } from '../../apps/cli/src/env.js';
import { repositoryRoot } from '../../apps/cli/src/repository-root.js';
import { Stack } from '../../apps/cli/src/stack/stack.js';
import { chromiumPath, openBrowser } from '../../test/e2e/support/browser.js';
import { populate, type Populated } from './populate.js';

const size = { width: 1440, height: 900 };
const PATIENCE_MS = 180_000;

interface Picture {
  readonly name: string;
  readonly path: string;
  /** Brings the screen to what is to be seen. */
  readonly show: (page: Page) => Promise<unknown>;
}

/** Writes docs/screenshots/<screen>-{light,dark}.png of a server with real work on it. */
async function take(): Promise<void> {
  const executable = chromiumPath();
  if (executable === undefined) throw new Error('no browser: set CHROMIUM_PATH or install chromium');
  const folder = await mkdtemp(join(tmpdir(), 'prad-screenshots-'));
  // The embedded database may run as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  const settings = readSettings();
  const environment = { ...settings.environment, DATABASE_URL: undefined, REDIS_URL: undefined };
  const stack = await Stack.start({
    settings: { ...settings, databaseUrl: undefined, dataFolder: folder, environment },
    port: 0,
    onLine: () => undefined,
  });
  const browser = await openBrowser(executable);
  try {
    const pictures = picturesOf(await populate(new ApiClient(stack.url)));
    for (const colorScheme of ['light', 'dark'] as const)
      await takeAll(browser, stack.url, colorScheme, pictures);
  } finally {
    await browser.close();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file with something wrong in every line but the first. */
const bad = '{"prompt":"a ->","completion":" b"}\n{"prompt":\n{"prompt":"c ->"}\n{"text":"d"}\n';

function picturesOf({ job, otherJob, trainingFile }: Populated): readonly Picture[] {
  return [
    { name: 'overview', path: '/', show: (page) => page.getByText('places-long').waitFor() },
    {
      name: 'jobs',
      path: '/jobs',
      show: (page) => page.getByText('running', { exact: true }).first().waitFor(),
    },
    {
      name: 'job',
      path: `/jobs/${job}?with=${encodeURIComponent(JSON.stringify([otherJob]))}`,
      show: (page) => page.getByRole('figure', { name: /places-rank-4.*nats at step/ }).waitFor(),
    },
    { name: 'adapters', path: '/adapters', show: (page) => page.getByRole('article').first().waitFor() },
    {
      name: 'playground',
      path: '/playground',
      show: async (page) => {
        await page.getByRole('button', { name: 'Ask all' }).click();
        await page.getByText('done', { exact: true }).nth(2).waitFor();
      },
    },
    {
      name: 'datasets',
      path: '/datasets',
      show: async (page) => {
        await page.getByRole('region', { name: 'Uploaded files' }).waitFor();
        const buffer = Buffer.from(bad);
        await page
          .locator('input[type=file]')
          .setInputFiles({ name: 'draft.jsonl', mimeType: 'text/plain', buffer });
        await page.getByRole('region', { name: 'Problems of draft.jsonl' }).waitFor();
      },
    },
    {
      name: 'dataset',
      path: `/datasets/${trainingFile}`,
      show: (page) => page.getByRole('img', { name: /^Whole example/ }).waitFor(),
    },
    {
      name: 'new-job',
      path: `/new-job?file=${trainingFile}`,
      show: (page) => page.getByText(/^About .* tokens through/).waitFor(),
    },
    { name: 'workers', path: '/workers', show: (page) => page.getByRole('row').nth(1).waitFor() },
  ];
}

async function takeAll(
  browser: Browser,
  url: string,
  colorScheme: 'light' | 'dark',
  pictures: readonly Picture[],
): Promise<void> {
  const page = await browser.newPage({ viewport: size, colorScheme, reducedMotion: 'reduce' });
  page.setDefaultTimeout(PATIENCE_MS);
  for (const { name, path, show } of pictures) {
    await page.goto(new URL(path, url).href);
    await show(page);
    await page.locator('[aria-label=Loading]').first().waitFor({ state: 'detached' });
    await page.mouse.move(size.width - 1, size.height - 1);
    await page.screenshot({ path: join(repositoryRoot(), 'docs/screenshots', `${name}-${colorScheme}.png`) });
    process.stdout.write(`${name}-${colorScheme}.png\n`);
  }
  await page.close();
}

await take();
