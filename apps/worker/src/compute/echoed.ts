import type { GenerateEvent } from './generation-messages.js';

/** Puts a prompt's text in front of each of its answers, when the first is told of the answer. */
export async function* echoed(
  events: AsyncIterable<GenerateEvent>,
  prompt: string,
): AsyncGenerator<GenerateEvent, void> {
  const begun = new Set<number>();
  for await (const event of events) {
    if (event.type === 'prompt') {
      yield event;
      continue;
    }
    const { choice } = event;
    if (!begun.has(choice) && prompt !== '') yield { type: 'text', choice, text: prompt };
    begun.add(choice);
    if (event.type === 'end' || !event.tokens) yield event;
    else yield { ...event, tokens: event.tokens.map((token) => behind(token, prompt)) };
  }
}

function behind<T extends { readonly offset: number }>(token: T, prompt: string): T {
  return { ...token, offset: token.offset + prompt.length };
}
