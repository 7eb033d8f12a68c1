/** Values by key within a budget of bytes; what was used least lately goes first, the one used last never. */
export class LeastRecentlyUsed<Value> {
  /** In the order of the last use. */
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number }>();
  #bytes = 0;

  constructor(
    private readonly budgetBytes: number,
    /** Hears of values that went. */
    private readonly onDrop: (value: Value) => void = () => undefined,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, bytes: number): void {
    this.#drop(key);
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.budgetBytes || oldest === key) return;
      this.#drop(oldest);
    }
  }

  /** Lets go of what would have to go for a value of so many bytes. */
  makeRoom(bytes: number): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes + bytes <= this.budgetBytes) return;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#bytes -= entry.bytes;
    this.#entries.delete(key);
    this.onDrop(entry.value);
  }
}
