import type { Database } from '@prad/database';
import type { JobProducer } from '@prad/queue';

const ANSWER_MS = 5_000;

/** Which stores do not answer, with their reasons. */
export async function storeObstacles(
  { dataSource }: Pick<Database, 'dataSource'>,
  producer: JobProducer,
): Promise<readonly string[]> {
  const found = await Promise.all([
    obstacle('database', dataSource.query('SELECT 1')),
    obstacle('queue', producer.check()),
  ]);
  return found.flat();
}

async function obstacle(store: string, asking: Promise<unknown>): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ANSWER_MS} ms`));
    }, ANSWER_MS);
  });
  try {
    await Promise.race([asking, late]);
    return [];
  } catch (error) {
    return [`${store}: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    clearTimeout(timer);
  }
}
