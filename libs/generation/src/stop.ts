/** What may be shown of an answer after a piece of text came in. */
export interface StopStep {
  /** Text that is certain: no stop string can begin in it. */
  readonly text: string;
  /** A stop string was found; what came before it is in `text`, it and the rest are dropped. */
  readonly stopped: boolean;
}

/**
 * Finds the first stop string in a text that arrives in pieces. Holds back what may be the beginning of one, so
 * that no part of a stop string is ever shown.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop.length > 0);
  }

  push(piece: string): StopStep {
    const text = this.#held + piece;
    const found = this.#first(text);
    if (found >= 0) {
      this.#held = '';
      return { text: text.slice(0, found), stopped: true };
    }
    const open = this.#openFrom(text);
    this.#held = text.slice(open);
    return { text: text.slice(0, open), stopped: false };
  }

  /** Gives up what is held back: the answer ended without a stop string. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  #first(text: string): number {
    const places = this.#stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    return places.length === 0 ? -1 : Math.min(...places);
  }

  /** The first place from which the rest of the text could grow into a stop string. */
  #openFrom(text: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length));
    for (let place = Math.max(0, text.length - longest + 1); place < text.length; place++) {
      const rest = text.slice(place);
      if (this.#stops.some((stop) => stop.startsWith(rest))) return place;
    }
    return text.length;
  }
}
