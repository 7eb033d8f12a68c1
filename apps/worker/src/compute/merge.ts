/** The events of several sources as they come. The first failure ends all of them. */
export async function* merge<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T, void> {
  const news: { events: T[]; failures: unknown[]; open: number; wake: () => void } = {
    events: [],
    failures: [],
    open: sources.length,
    wake: () => undefined,
  };
  const pump = async (source: AsyncIterable<T>): Promise<void> => {
    try {
      for await (const event of source) {
        news.events.push(event);
        news.wake();
      }
    } catch (error) {
      news.failures.push(error);
    } finally {
      news.open -= 1;
      news.wake();
    }
  };
  for (const source of sources) void pump(source);
  for (;;) {
    yield* news.events.splice(0);
    if (news.failures.length > 0) throw news.failures[0];
    if (news.open === 0 && news.events.length === 0) return;
    if (news.events.length === 0) await new Promise<void>((resolve) => (news.wake = resolve));
  }
}
