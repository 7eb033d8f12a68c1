import type { Page } from '@prad/domain';

/** A page of rows in OpenAI's form. */
export function toList<Item, View extends { readonly id: string }>(
  page: Page<Item>,
  view: (item: Item) => View,
) {
  const data = page.items.map(view);
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: page.hasMore,
  };
}

/** Whole seconds since 1970, as OpenAI's objects count. */
export function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
