import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopMatcher } from './stop.js';

/** What is shown of pieces, and whether a stop string ended it. */
function shown(stops: readonly string[], pieces: readonly string[]): { text: string; stopped: boolean } {
  const matcher = new StopMatcher(stops);
  let text = '';
  for (const piece of pieces) {
    const step = matcher.push(piece);
    text += step.text;
    if (step.stopped) return { text, stopped: true };
  }
  return { text: text + matcher.flush(), stopped: false };
}

describe('StopMatcher', () => {
  it('finds a stop string across pieces and shows nothing of it', () => {
    expect(shown(['\n\n'], ['one\n', 'two\n', '\nthree'])).toEqual({ text: 'one\ntwo', stopped: true });
  });

  it('holds back only what may become one', () => {
    const matcher = new StopMatcher(['END']);
    expect(matcher.push('the EN')).toEqual({ text: 'the ', stopped: false });
    expect(matcher.push('EMY E')).toEqual({ text: 'ENEMY ', stopped: false });
    expect(matcher.flush()).toBe('E');
  });

  it('stops at the first of several', () => {
    expect(shown(['later', 'now'], ['do it now or later'])).toEqual({ text: 'do it ', stopped: true });
  });

  it('ignores empty stop strings', () => {
    expect(shown([''], ['text'])).toEqual({ text: 'text', stopped: false });
  });

  it('shows the text up to the first stop string, however it is cut into pieces', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    const stop = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 6 }), stop, (pieces, end) => {
        const whole = pieces.join('');
        const at = whole.indexOf(end);
        const text = at < 0 ? whole : whole.slice(0, at);
        expect(shown([end], pieces)).toEqual({ text, stopped: at >= 0 });
      }),
    );
  });
});
