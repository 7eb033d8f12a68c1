/** A request for one page of a list that runs from the newest item to the oldest. */
export interface PageRequest {
  /** Id of the last item of the page before; absent for the first page. */
  readonly after?: string | undefined;
  /** Most items to return, at least 1. */
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** True when older items follow. */
  readonly hasMore: boolean;
}
