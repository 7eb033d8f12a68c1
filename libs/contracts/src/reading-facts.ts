import { generationFacts } from './generation-facts.js';
import type { z } from 'zod';

/** What happened to a request that is only read; `decode_ms` is the time in which answers were scored. */
export const readingFacts = generationFacts.omit({ seed: true }).meta({ id: 'ReadingFacts' });
export type ReadingFactsObject = z.infer<typeof readingFacts>;
