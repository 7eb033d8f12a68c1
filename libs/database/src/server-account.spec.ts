import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canEnter } from './server-account.js';

const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'prad-account-'));
  await chmod(root, 0o755);
  await mkdir(join(root, 'open', 'inner'), { recursive: true, mode: 0o755 });
  await mkdir(join(root, 'closed', 'inner'), { recursive: true, mode: 0o755 });
  await chmod(join(root, 'closed'), 0o700);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('canEnter', () => {
  it('looks at every folder on the way, and at those that exist only', async () => {
    expect(await canEnter(stranger, join(root, 'open', 'inner'))).toBe(true);
    expect(await canEnter(stranger, join(root, 'open', 'not', 'yet'))).toBe(true);
    expect(await canEnter(stranger, join(root, 'closed'))).toBe(false);
    expect(await canEnter(stranger, join(root, 'closed', 'inner'))).toBe(false);
    expect(await canEnter(stranger, join(root, 'closed', 'not', 'yet'))).toBe(false);
  });

  it('lets the owner in', async () => {
    const owner = { name: 'me', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    expect(await canEnter(owner, join(root, 'closed', 'inner'))).toBe(true);
  });
});
