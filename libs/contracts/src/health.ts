import { z } from 'zod';

export const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

const check = z.object({ status: z.enum(['ok', 'down']), message: z.string().nullable() });

/** Answer of `/ready`: 200 when every check is ok, else 503 with the same body. */
export const readiness = z
  .object({ status: z.enum(['ok', 'down']), checks: z.object({ database: check, queue: check }) })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readiness>;
