import type { Page, PageRequest } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { FindOptionsWhere, ObjectLiteral, Repository, SelectQueryBuilder } from 'typeorm';

interface Listed extends ObjectLiteral {
  id: string;
  createdAt: Date;
}

/**
 * One page of the rows `within` a project or a job, newest first, after the row that `page.after` names.
 * `narrow` adds conditions on the alias `item`. Throws invalid `unknown_cursor` for an `after` that names no row there.
 */
export async function newestFirst<E extends Listed>(
  rows: Repository<E>,
  within: FindOptionsWhere<E>,
  page: PageRequest,
  narrow: (query: SelectQueryBuilder<E>) => void = () => undefined,
): Promise<Page<E>> {
  const query = rows.createQueryBuilder('item').where(within);
  narrow(query);
  if (page.after !== undefined) {
    if (!(await rows.existsBy({ ...within, id: page.after }))) {
      throw unknownCursor(page.after);
    }
    const cursor = query.subQuery().select('cursor.createdAt').addSelect('cursor.id');
    const from = cursor.from(rows.target, 'cursor').where('cursor.id = :after').getQuery();
    query.andWhere(`(item.createdAt, item.id) < ${from}`, { after: page.after });
  }
  const found = await query
    .orderBy('item.createdAt', 'DESC')
    .addOrderBy('item.id', 'DESC')
    .limit(page.limit + 1)
    .getMany();
  return { items: found.slice(0, page.limit), hasMore: found.length > page.limit };
}

/** The error of an `after` that names no row. */
export function unknownCursor(after: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'unknown_cursor',
    message: `after names no item of this list: got ${JSON.stringify(after)}`,
    details: { param: 'after' },
  });
}

/** The page with every row turned into a domain value. */
export function mapPage<E, T>(page: Page<E>, toDomain: (row: E) => T): Page<T> {
  return { items: page.items.map(toDomain), hasMore: page.hasMore };
}
