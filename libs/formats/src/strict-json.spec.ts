import { describe, expect, it } from 'vitest';
import { parseJsonObject } from './strict-json.js';

const parse = (text: string, depth?: number): unknown =>
  parseJsonObject(Buffer.from(text), 'file.json', depth);

describe('parseJsonObject', () => {
  it('parses what JSON.parse parses', () => {
    const text = '{"a": [1, {"b": "c: \\"{d\\\\"}], "__proto__": null, "e": {"a": 1}}';
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('refuses a key written twice in one object, also when escaped differently', () => {
    expect(() => parse('{"a": 1, "b": 2, "a": 3}')).toThrow(/file.json: the key "a" is written twice/);
    expect(() => parse('{"x": {"a": 1, "\\u0061" : 2}}')).toThrow(/"a" is written twice/);
    expect(parse('{"a": {"a": ["a", "a"]}, "b": {"a": 1}}')).toBeDefined();
  });

  it('refuses deeper nesting than allowed', () => {
    expect(parse('{"a": [[]]}', 3)).toBeDefined();
    expect(() => parse('{"a": [[[]]]}', 3)).toThrow(/deeper than 3/);
    expect(() => parse(`{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toThrow(/deeper than 64/);
  });

  it('refuses other roots, broken JSON and broken UTF-8', () => {
    expect(() => parse('[1]')).toThrow(/expected a JSON object/);
    expect(() => parse('{"a": ')).toThrow(/file.json: not valid JSON/);
    expect(() => parseJsonObject(Uint8Array.of(0x7b, 0xff, 0x7d), 'x')).toThrow(/not valid JSON/);
  });
});
