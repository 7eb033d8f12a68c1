import { createHash } from 'node:crypto';
import { DEFAULT_PROJECT, newAdapterName, newId } from '@prad/domain';
import { openDataSource } from '@prad/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, addFile, addJob, addRequest, modelContent } from '../support/rows.js';
import { createEmptyDatabase, openTestDatabase, type TestDatabase } from '../support/test-database.js';

const MINE = 'mine';
const THEIRS = 'theirs';
let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  await addBaseModel(db, 'base');
  await db.apiKeys.create(MINE, '');
  await db.apiKeys.create(THEIRS, '');
});
afterAll(() => db.close());

/** A finished job's adapter. */
async function addAdapter(project: string): Promise<string> {
  const { id } = await addJob(db, 'base', project);
  const owner = newId('lease');
  await db.fineTuningJobs.claim(id, owner, 30_000);
  const adapter = {
    ...{
      id: newAdapterName('base', project),
      baseModel: 'base',
      baseDigest: modelContent.digest,
      task: null,
    },
    ...{ method: 'adapter', options: {}, scope: 'prompt', parameterCount: 1 },
  };
  const version = { digest: 'e'.repeat(64), blobKey: 'adapters/e', bytes: 1 };
  await db.fineTuningJobs.succeed(id, owner, { adapter, version, trainedTokens: 1 });
  return adapter.id;
}

describe('what belongs to a project', () => {
  it('is found in that project alone', async () => {
    const file = await addFile(db, MINE);
    const job = await addJob(db, 'base', MINE);
    expect(await db.dataFiles.getIn(MINE, file)).toMatchObject({ id: file, project: MINE });
    expect(await db.fineTuningJobs.getIn(MINE, job.id)).toEqual(job);
    const unknown = { kind: 'notFound', message: `there is no file named "${file}"` };
    await expect(db.dataFiles.getIn(THEIRS, file)).rejects.toMatchObject(unknown);
    await expect(db.dataFiles.delete(THEIRS, file)).rejects.toMatchObject(unknown);
    await expect(db.fineTuningJobs.getIn(THEIRS, job.id)).rejects.toMatchObject({
      message: `there is no fine-tuning job named "${job.id}"`,
    });
    expect(await db.dataFiles.getIn(MINE, file)).toMatchObject({ id: file });
  });

  it('is listed there alone, after a cursor of its own', async () => {
    const mine = await addJob(db, 'base', MINE);
    const theirs = await addJob(db, 'base', THEIRS);
    const listed = await db.fineTuningJobs.list(THEIRS, { limit: 100 });
    expect(listed.items.map(({ id }) => id)).toEqual([theirs.id]);
    await expect(db.fineTuningJobs.list(THEIRS, { limit: 100, after: mine.id })).rejects.toMatchObject({
      code: 'unknown_cursor',
    });
    const request = await addRequest(db, 'base', THEIRS);
    expect((await db.inferenceJobs.list(THEIRS, { limit: 100 })).items).toEqual([request]);
    expect((await db.inferenceJobs.list(MINE, { limit: 100 })).items).toEqual([]);
  });

  it('is trained from files of its own', async () => {
    const { method } = await addJob(db, 'base', MINE);
    const trainingFile = await addFile(db, THEIRS);
    const job = {
      ...{ id: newId('ftjob'), project: MINE, model: 'base', task: null, trainingFile, method },
      ...{ validationFile: null, suffix: null, seed: 1, metadata: {}, status: 'queued' as const },
    };
    await expect(db.fineTuningJobs.create(job)).rejects.toMatchObject({ code: 'file_not_found' });
  });

  it('includes the adapters that its jobs made', async () => {
    const mine = await addAdapter(MINE);
    const theirs = await addAdapter(THEIRS);
    expect(await db.adapters.getIn(MINE, mine)).toMatchObject({ id: mine, project: MINE });
    await expect(db.adapters.getIn(MINE, theirs)).rejects.toMatchObject({ code: 'model_not_found' });
    expect((await db.adapters.list(MINE, { limit: 100 })).items.map(({ id }) => id)).toEqual([mine]);
  });
});

describe('rows from before there were projects', () => {
  it('go to the default project', async () => {
    const dataSource = await openDataSource({ url: await createEmptyDatabase() });
    const later = `SELECT 1 FROM schema_migration WHERE name LIKE 'ProjectsAndKeys%'`;
    while ((await dataSource.query<unknown[]>(later)).length > 0) await dataSource.undoLastMigration();
    await dataSource.query(
      `INSERT INTO data_file (id, filename, purpose, bytes, sha256, blob_key)
       VALUES ('file-old', 'x.jsonl', 'fine-tune', 1, 'a', 'files/old')`,
    );
    await dataSource.runMigrations();
    const rows = await dataSource.query<unknown[]>('SELECT id, project_id FROM data_file');
    await dataSource.destroy();
    expect(rows).toEqual([{ id: 'file-old', project_id: DEFAULT_PROJECT }]);
  });
});

describe('an API key', () => {
  it('is kept without its secret, and is live until it is revoked', async () => {
    const { key, secret } = await db.apiKeys.create('new-project', 'laptop');
    expect(secret).toMatch(/^prad_[\w-]{43}$/);
    expect(key).toMatchObject({ project: 'new-project', name: 'laptop', prefix: secret.slice(0, 12) });
    expect(key).toMatchObject({ lastUsedAt: null, revokedAt: null });
    const hash = createHash('sha256').update(secret).digest('hex');
    expect(await db.apiKeys.live()).toContainEqual({ id: key.id, project: 'new-project', hash });
    const row = JSON.stringify(await db.dataSource.query('SELECT * FROM api_key WHERE id = $1', [key.id]));
    expect(row).not.toContain(secret.slice(12));
    await db.apiKeys.markUsed(key.id);
    const revoked = await db.apiKeys.revoke(key.id);
    expect(revoked.lastUsedAt).toBeInstanceOf(Date);
    expect(revoked.revokedAt).toBeInstanceOf(Date);
    expect(await db.apiKeys.revoke(key.id)).toEqual(revoked);
    expect((await db.apiKeys.live()).map(({ id }) => id)).not.toContain(key.id);
    expect(await db.apiKeys.list()).toContainEqual(revoked);
  });

  it('is refused for a project whose name is none', async () => {
    for (const name of ['', 'Mine', '-x', 'a b', 'x'.repeat(64)]) {
      await expect(db.apiKeys.create(name, '')).rejects.toMatchObject({ code: 'bad_project_name' });
    }
  });

  it('that is not there cannot be revoked', async () => {
    await expect(db.apiKeys.revoke('key-none')).rejects.toMatchObject({
      kind: 'notFound',
      code: 'api_key_not_found',
    });
  });
});
