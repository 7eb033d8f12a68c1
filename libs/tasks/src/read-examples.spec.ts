import fc from 'fast-check';
import { AppError } from '@prad/errors';
import { describe, expect, it } from 'vitest';
import { rowReader } from './read-examples.js';

const read = rowReader(null, 'train');

describe('rows without a task', () => {
  it('tells prompts from conversations', () => {
    expect(read({ prompt: 'p', completion: ' c' }, 1)).toEqual({
      prompt: { kind: 'text', text: 'p' },
      answer: { text: ' c' },
    });
    const messages = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'u' },
      { role: 'assistant', content: 'a' },
    ];
    const expected = { prompt: { kind: 'messages', messages: messages.slice(0, 2) }, answer: { text: 'a' } };
    expect(read({ messages }, 1)).toEqual(expected);
    const conversations = [
      { from: 'system', value: 's' },
      { from: 'human', value: 'u' },
      { from: 'gpt', value: 'a' },
    ];
    expect(read({ conversations }, 1)).toEqual(expected);
  });

  const user = { role: 'user', content: 'q' };
  const answer = { role: 'assistant', content: 'a' };
  it.each<[unknown, RegExp]>([
    [null, /must be an object/],
    [['p', 'c'], /must be an object/],
    [{}, /prompt is missing/],
    [{ prompt: 'p' }, /completion is missing/],
    [{ prompt: 1, completion: 'c' }, /prompt must be text/],
    [{ prompt: 'p', completion: ' \n' }, /completion must not be empty/],
    [{ prompt: 'p', completion: 'c', weight: 1 }, /unknown keys "weight"; known are prompt, completion/],
    [{ prompt: 'p', messages: [user, answer] }, /a row with messages has unknown keys "prompt"/],
    [{ messages: {} }, /messages must be an array/],
    [{ messages: [answer] }, /a question and an answer/],
    [{ messages: [user, user] }, /last of messages must be from assistant/],
    [
      { messages: [user, { role: 'tool', content: 'x' }, answer] },
      /messages\[1\].role must be one of system, user, assistant/,
    ],
    [{ messages: [{ role: 'user', content: '' }, answer] }, /messages\[0\].content must not be empty/],
    [{ messages: [{ ...user, name: 'x' }, answer] }, /messages\[0\] has unknown keys "name"/],
    [{ messages: ['hi', answer] }, /messages\[0\] must be an object/],
  ])('refuses %j', (value, message) => {
    expect(() => read(value, 12)).toThrow(message);
    expect(() => read(value, 12)).toThrow(/^line 12: /);
  });

  it('never fails otherwise on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          read(value, 1);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
    );
  });
});
