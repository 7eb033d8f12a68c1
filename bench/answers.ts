import type { Engine, GenerationRequest, TextRules } from '@prad/generation';

/** No token ends an answer, and nothing becomes text. */
export const noText: TextRules = {
  endTokens: new Set<number>(),
  detokenizer: () => ({ push: () => '', end: () => '' }),
};

export const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 } as const;

/** Answers all requests at once: their tokens, and the seconds until the last of them is there. */
export async function answers(
  engine: Engine,
  requests: readonly GenerationRequest[],
): Promise<{ readonly tokens: number[][]; readonly seconds: number }> {
  const start = performance.now();
  const tokens = await Promise.all(
    requests.map(async (request) => {
      const chosen: number[] = [];
      for await (const event of engine.submit(request))
        if (event.type === 'token') chosen.push(event.tokenId);
      return chosen;
    }),
  );
  return { tokens, seconds: (performance.now() - start) / 1000 };
}
