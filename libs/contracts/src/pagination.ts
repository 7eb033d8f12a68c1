import { z } from 'zod';

/** Longest page of any list. */
export const MAX_PAGE_SIZE = 1000;

/** Query of a list that runs from the newest item to the oldest. */
export const listQuery = z.strictObject({
  after: z.string().min(1).optional().describe('Id of the last item of the page before.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(20).describe('Most items to return.'),
});
export type ListQuery = z.infer<typeof listQuery>;

/** A page in OpenAI's form. `first_id` and `last_id` are null on an empty page. */
export function listOf<Item extends z.ZodType>(item: Item, id: string) {
  return z
    .object({
      object: z.literal('list'),
      data: z.array(item),
      first_id: z.string().nullable(),
      last_id: z.string().nullable(),
      has_more: z.boolean(),
    })
    .meta({ id });
}

/** Answer of a DELETE. */
export function deletionOf<Kind extends string>(kind: Kind, id: string) {
  return z.object({ id: z.string(), object: z.literal(kind), deleted: z.literal(true) }).meta({ id });
}
