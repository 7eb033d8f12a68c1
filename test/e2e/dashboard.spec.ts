import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../../apps/cli/src/repository-root.js';
import { BUNDLED_MODEL, ensureBundledModel } from '../../apps/cli/src/stack/bundled-model.js';
import { PageTroubles, chromiumPath, graveFindings, openBrowser } from './support/browser.js';
import { Cluster } from './support/cluster.js';
import { ended } from './support/training-run.js';

const executable = chromiumPath();
if (executable === undefined) {
  process.stderr.write('the dashboard is not walked: set CHROMIUM_PATH or install chromium\n');
}

/** For what a worker has to do first, on a busy machine. */
const PATIENCE = 120_000;
const STEPS = 16;

let cluster: Cluster;
let browser: Browser;
let page: Page;
let troubles: PageTroubles;
let trained: string;

/** Opens a screen by its address and waits for its heading. */
async function open(path: string, heading: string | RegExp): Promise<void> {
  await page.goto(new URL(path, cluster.client.url).href);
  await see(heading);
}

async function see(heading: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

/** The accessible name of a plot, which tells its last values. */
async function curve(title: string): Promise<string> {
  const figure = page.getByRole('figure', { name: new RegExp(`^${title} over steps`) });
  return (await figure.getAttribute('aria-label')) ?? '';
}

function lastStep(label: string): number {
  return Number(/train: .* at step (\d+)/.exec(label)?.[1] ?? -1);
}

async function trainByApi(name: string, steps: number): Promise<string> {
  const { id: training_file } = await cluster.client.uploadFile(bundled('tasks', name, 'train.jsonl'));
  const hyperparameters = { max_steps: steps, learning_rate: 5e-3 };
  const method = { type: 'prad' as const, prad: { rank: 32, hyperparameters } };
  const job = await cluster.client.createJob({ model: BUNDLED_MODEL, training_file, suffix: name, method });
  return job.id;
}

describe.skipIf(executable === undefined)('the dashboard, walked by a browser', () => {
  beforeAll(async () => {
    cluster = await Cluster.start();
    browser = await openBrowser(executable ?? '');
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
    page.setDefaultTimeout(PATIENCE);
    troubles = new PageTroubles(page, cluster.client.url);
  });

  afterAll(async () => {
    await browser.close();
    await cluster.stop();
  });

  it('says what to do first while there is nothing', async () => {
    await open('/', 'Overview');
    await page.getByRole('heading', { name: 'First steps' }).waitFor();
    await page.getByText('curl -sN').first().waitFor();
    const empty = [
      ['/jobs', 'Jobs', 'There is no job yet'],
      ['/evaluations', 'Evaluations', 'There is no evaluation yet'],
      ['/adapters', 'Adapters', 'There is no adapter yet'],
      ['/datasets', 'Datasets', 'There is no data yet'],
      ['/workers', 'Workers', 'No worker reports itself'],
      ['/playground', 'Playground', 'There is no base model yet'],
    ] as const;
    for (const [path, heading, text] of empty) {
      await open(path, heading);
      await page.getByText(text).waitFor();
      expect(await page.title()).toBe(`${heading} · PrAd Cluster`);
    }
    expect(await graveFindings(page)).toEqual([]);
  });

  it('lists the worker', async () => {
    await cluster.startWorker();
    await ensureBundledModel(cluster.client);
    await open('/workers', 'Workers');
    const row = page.getByRole('row').nth(1);
    await row.getByText('train').waitFor();
    await expect.poll(() => row.innerText(), { timeout: PATIENCE }).toMatch(/cpu[\s\S]*idle[\s\S]*\d+ MB/);
  });

  it('shows the problems of a bad file by line, and takes a good one', async () => {
    const bad = join(cluster.dataFolder, 'bad.jsonl');
    await writeFile(bad, '{"prompt":"a ->","completion":" b"}\n{"prompt":\n{"prompt":"c ->"}\n');
    await open('/datasets', 'Datasets');
    await page.locator('input[type=file]').setInputFiles(bad);
    const problems = page.getByRole('region', { name: 'Problems of bad.jsonl' });
    await problems.getByRole('cell', { name: /not valid JSON/ }).waitFor();
    await problems.getByRole('cell', { name: /completion is missing/ }).waitFor();
    expect(await problems.getByRole('row').allInnerTexts()).toHaveLength(3);

    const labelled = join(cluster.dataFolder, 'labelled.jsonl');
    await writeFile(labelled, '{"text":"slow","sentiment":"negative"}\n{"text":"good","sentiment":"fine"}\n');
    const rows = page.getByRole('combobox', { name: 'Rows' });
    await rows.click();
    await page.getByRole('option', { name: 'sst2: text, sentiment' }).click();
    await page.locator('input[type=file]').setInputFiles(labelled);
    await page.getByRole('cell', { name: /^sentiment must be one of/ }).waitFor();
    await rows.click();
    await page.getByRole('option', { name: 'Prompts with completions, or messages' }).click();

    const table = join(cluster.dataFolder, 'table.csv');
    await writeFile(table, 'id,question,label\n1,"a\nb ->", yes\n2,c ->, no\n');
    await page.getByRole('textbox', { name: 'Columns' }).fill('prompt=question, completion=label');
    await page.locator('input[type=file]').setInputFiles(table);
    await page.getByRole('link', { name: 'table.csv', exact: true }).waitFor();
    await page.getByRole('textbox', { name: 'Columns' }).fill('');

    await page.locator('input[type=file]').setInputFiles(bundled('tasks/reviews/train.jsonl'));
    await page.getByRole('link', { name: 'train.jsonl', exact: true }).click();
    await see('train.jsonl');
    await page.getByText('800 rows').first().waitFor();
    await page.getByRole('img', { name: /^Whole example: median \d+/ }).waitFor();
    await page.getByRole('cell', { name: / ->$/ }).first().waitFor();
  });

  it('submits a job by the form, which says what it costs, and draws its curve as it grows', async () => {
    await page.getByRole('link', { name: 'Train on it' }).click();
    await see('New fine-tuning job');
    await page.getByText('250 steps').waitFor();
    await page.getByText(/About [\d,.]+[KM]? tokens/).waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Not a name');
    await page.getByRole('button', { name: 'Submit the job' }).click();
    await page.getByText('`suffix` must be').waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('reviews');
    await page.getByText('Steps', { exact: true }).click();
    await page.getByRole('textbox', { name: 'Steps', exact: true }).fill(String(STEPS));
    await page.getByText(`${STEPS} steps`, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Optimiser and validation' }).click();
    await page.getByRole('textbox', { name: 'Learning rate' }).fill('0.005');
    await page.getByRole('button', { name: 'Submit the job' }).click();

    await see(/^reviews/);
    trained = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const seen = new Set<number>();
    await expect
      .poll(
        async () => {
          const step = lastStep(await curve('Loss'));
          if (step > 0) seen.add(step);
          return step;
        },
        { timeout: PATIENCE, interval: 100 },
      )
      .toBe(STEPS);
    expect(seen.size).toBeGreaterThan(2);
    await page.getByRole('heading', { level: 1 }).getByText('succeeded').waitFor();
    await page
      .getByText('The job has been successfully completed')
      .or(page.getByText(/adapter/i))
      .first()
      .waitFor();
    await page.getByRole('tab', { name: 'Configuration' }).click();
    await page.getByText('the prompt only').waitFor();
    await page.getByRole('tab', { name: 'Checkpoints' }).click();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: `Download the checkpoint of step ${STEPS}` }).click();
    expect((await saved).suggestedFilename()).toBe(`${trained}-step-${STEPS}.safetensors`);
  });

  it('shows jobs as they come and go, finds them, and cancels one', async () => {
    await open('/jobs', 'Jobs');
    await page.getByRole('row', { name: trained }).getByText('succeeded').waitFor();
    const places = await trainByApi('places', STEPS);
    const endless = await trainByApi('places', 100_000);
    const row = page.getByRole('row', { name: endless });
    await row.waitFor();
    await page.getByRole('row', { name: places }).getByText('succeeded').waitFor();
    await row.getByText('running').waitFor();
    await row.getByRole('button', { name: `Cancel: ${endless}` }).click();
    await page.getByRole('button', { name: 'Cancel this job' }).click();
    await row.getByText('cancelled').waitFor();
    expect(await ended(cluster, endless)).toMatchObject({ status: 'cancelled' });

    await page.getByRole('textbox', { name: 'Search' }).fill('reviews');
    await row.waitFor({ state: 'detached' });
    // While it is looked for, there is no table.
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await page.getByRole('row', { name: trained }).getByText('fine-tuning').click();
    await see(/^reviews/);
    await page.getByRole('combobox', { name: /^Lay the curves/ }).click();
    await page.getByRole('option', { name: `places (${places.slice(0, 12)})` }).click();
    await expect.poll(() => curve('Loss')).toMatch(/reviews.*, train: .* nats.*places.*, train: .* nats/);
    await page.keyboard.press('Escape');
  });

  it('compares the base with two adapters in one batch', async () => {
    await open('/playground', 'Playground');
    await page.getByRole('button', { name: 'Ask all' }).click();
    const cards = page.getByRole('main').locator('section').filter({ hasText: 'Prefill' });
    await expect.poll(() => cards.filter({ hasText: 'done' }).count(), { timeout: PATIENCE }).toBe(3);
    const texts = await cards.allInnerTexts();
    for (const text of texts) {
      expect(text).toMatch(/Prefill\s+[\d.]+ m?s/);
      expect(text).toMatch(/Answer\s+\d+ tokens/);
    }
    expect(texts.some((text) => /Shared steps with\s+[23] rows/.test(text))).toBe(true);
    const answers = await page.getByTestId('answer').allInnerTexts();
    expect(answers[0]).not.toBe(answers[1]);
    const command = await page.getByRole('region', { name: 'The requests as curl' }).innerText();
    expect(command).toContain(`"model":"${BUNDLED_MODEL}"`);
    expect(command.match(/"model":"ft:/g)).toHaveLength(2);
    await page.getByRole('textbox', { name: 'Temperature' }).fill('3');
    await page.getByRole('textbox', { name: 'Temperature' }).blur();
    expect(await page.getByRole('textbox', { name: 'Temperature' }).inputValue()).toBe('2');
  });

  it('shows how an adapter compares with the base, and the samples that it wins', async () => {
    const { fine_tuned_model: name } = await cluster.client.job(trained);
    const { id: file } = await cluster.client.uploadFile(bundled('tasks/reviews/train.jsonl'));
    const asked = { model: [BUNDLED_MODEL, name ?? ''], file, metrics: ['rougeL'], limit: 8, max_tokens: 4 };
    const { id } = await cluster.client.createEvaluation(asked);
    await open('/evaluations', 'Evaluations');
    await page.getByRole('link', { name: id }).click();
    await see(new RegExp(`^${id}`));
    const scores = page.getByRole('region', { name: 'Scores' });
    await scores.getByRole('cell', { name: 'rougeL' }).first().waitFor();
    const compared = page.getByRole('region', { name: 'Comparisons' });
    expect(await compared.getByRole('row').allInnerTexts()).toHaveLength(2);
    const { result } = await cluster.client.evaluation(id);
    expect(await scores.getByRole('row').nth(2).innerText()).toContain(name);
    expect(await page.getByRole('region', { name: `Wins of ${name}` }).count()).toBe(
      result?.models[1]?.wins.length === 0 ? 0 : 1,
    );
    expect(await page.title()).toBe(`${id} · PrAd Cluster`);
    expect(await graveFindings(page)).toEqual([]);
  });

  it('deletes an adapter', async () => {
    const { fine_tuned_model: name } = await cluster.client.job(trained);
    await open('/adapters', 'Adapters');
    const card = page.getByRole('article', { name: name ?? '' });
    await card.getByText('the prompt only').waitFor();
    await card.getByRole('link', { name: trained }).waitFor();
    await card.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('button', { name: 'Delete this adapter' }).click();
    await card.waitFor({ state: 'detached' });
    expect((await cluster.client.models()).map(({ id }) => id)).not.toContain(name);
  });

  it('is operable by keyboard', async () => {
    await open('/jobs', 'Jobs');
    await page.getByRole('row', { name: trained }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
    await page.getByRole('row', { name: trained }).getByRole('link', { name: trained }).focus();
    await page.keyboard.press('Enter');
    await see(/^reviews/);
    await page.getByRole('button', { name: /^Colours: as the system/ }).click();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('light');
    await page.getByRole('button', { name: /^Colours: light/ }).click();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
    await page.getByRole('button', { name: /^Colours: dark/ }).click();
  });

  it.each(['light', 'dark'] as const)(
    'has no grave finding of axe on any screen, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const { id: file } = (await cluster.client.files())[0]!;
      const screens = [
        ['/', 'Overview'],
        ['/jobs', 'Jobs'],
        [`/jobs/${trained}`, /^reviews/],
        ['/new-job', 'New fine-tuning job'],
        ['/sweeps', 'Sweeps'],
        ['/evaluations', 'Evaluations'],
        ['/adapters', 'Adapters'],
        ['/playground', 'Playground'],
        ['/datasets', 'Datasets'],
        [`/datasets/${file}`, /jsonl$/],
        ['/workers', 'Workers'],
        ['/nowhere', 'No such screen'],
      ] as const;
      const findings: string[] = [];
      for (const [path, heading] of screens) {
        await open(path, heading);
        await page.locator('[aria-label=Loading]').first().waitFor({ state: 'detached' });
        findings.push(...(await graveFindings(page)).map((finding) => `${path} ${finding}`));
      }
      expect(findings).toEqual([]);
    },
  );

  it('asks once for the key of an API that wants one, and goes on with it', async () => {
    const key = 'a-key-of-this-test-alone';
    const guarded = await Cluster.start({ environment: { API_KEYS: key } });
    // A page of its own: the browser reports every refusal as an error.
    const stranger = await browser.newPage();
    stranger.setDefaultTimeout(PATIENCE);
    try {
      await stranger.goto(new URL('/jobs', guarded.client.url).href);
      const prompt = stranger.getByRole('dialog', { name: 'API key' });
      const give = async (value: string) => {
        await prompt.getByLabel('Key', { exact: true }).fill(value);
        await prompt.getByRole('button', { name: 'Use this key' }).click();
      };
      const refusal = stranger.waitForResponse(
        (response) =>
          response.status() === 401 &&
          response.request().headers()['authorization'] === 'Bearer a-wrong-key-of-this-test',
      );
      await give('a-wrong-key-of-this-test');
      await refusal;
      await give(key);
      await stranger.getByText('There is no job yet').waitFor();
      await stranger.reload();
      await stranger.getByText('There is no job yet').waitFor();
      expect(await prompt.count()).toBe(0);
      expect(await stranger.getByText('$PRAD_API_KEY').count()).toBe(1);
      expect(await stranger.content()).not.toContain(key);
    } finally {
      await stranger.close();
      await guarded.stop();
    }
  });

  it('wrote no error to the console, and asked nothing of another host', () => {
    // The browser itself reports the refusal of the bad file.
    const refusal = /status of 400 .*\/v1\/files\)/;
    expect(troubles.errors.filter((error) => !refusal.test(error))).toEqual([]);
    expect(troubles.foreign).toEqual([]);
  });
});
