import type { EmbeddingListObject } from '@prad/contracts';
import { factsOf } from './generation-facts.view.js';
import type { ReadingAnswer } from './reading.service.js';

export function toEmbeddings(
  { job, model, result }: ReadingAnswer<'embedding'>,
  format: 'float' | 'base64',
): EmbeddingListObject {
  const { promptTokens } = job.usage;
  return {
    id: job.id,
    object: 'list',
    data: result.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? vector : floatsOf(vector),
    })),
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    prad: factsOf(job, result.batch),
  };
}

function floatsOf(vector: string): number[] {
  const bytes = Buffer.from(vector, 'base64');
  const { BYTES_PER_ELEMENT: size } = Float32Array;
  return Array.from({ length: bytes.length / size }, (_, index) => bytes.readFloatLE(index * size));
}
