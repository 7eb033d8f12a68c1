import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { readSettings } from '../../../apps/cli/src/env.js';

/** The browser to drive: CHROMIUM_PATH, or `chromium` on the PATH; undefined where there is none. */
export function chromiumPath(): string | undefined {
  const { environment } = readSettings();
  const folders = (environment['PATH'] ?? '').split(delimiter);
  return [environment['CHROMIUM_PATH'] ?? '', ...folders.map((folder) => join(folder, 'chromium'))]
    .filter((path) => path !== '')
    .find(isProgram);
}

/** A browser as root may start it, too. */
export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** What a page wrote to its console as an error, threw, or asked of another host; each must stay empty. */
export class PageTroubles {
  readonly errors: string[] = [];
  readonly foreign: string[] = [];

  constructor(page: Page, origin: string) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) this.foreign.push(url);
    });
  }
}

/** axe's serious and critical findings on the page as it is, one sentence each. */
export async function graveFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => {
    const { axe: engine } = globalThis as unknown as { axe: typeof import('axe-core') };
    return engine.run({ resultTypes: ['violations'] });
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
