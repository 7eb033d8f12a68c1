import { describe, expect, it } from 'vitest';
import { bytes, measured, milliseconds, plural, seconds, shortCount, tick } from './numbers.js';
import { ago } from './time.js';

describe('numbers with units', () => {
  it.each([
    [bytes(0), '0 B'],
    [bytes(999), '999 B'],
    [bytes(1500), '1.5 kB'],
    [bytes(123_456_789), '123 MB'],
    [milliseconds(3.21), '3.2 ms'],
    [milliseconds(84), '84 ms'],
    [milliseconds(2340), '2.3 s'],
    [seconds(59.4), '59 s'],
    [seconds(200), '3 min 20 s'],
    [seconds(7500), '2 h 5 min'],
    [measured(0.123456), '0.1235'],
    [measured(0.00005), '5.00e-5'],
    [measured(12_345.6), '12,346'],
    [shortCount(9_999), '9,999'],
    [shortCount(1_250_000), '1.3M'],
    [tick(0), '0'],
    [tick(0.0004), '4e-4'],
    [tick(0.0006000000001), '6e-4'],
    [tick(7.65), '7.65'],
    [tick(12_000), '12,000'],
    [plural(1, 'row'), '1 row'],
    [plural(1200, 'row'), '1,200 rows'],
  ])('writes %s', (written, expected) => {
    expect(written).toBe(expected);
  });

  it.each([
    [2, 'just now'],
    [42, '42 sec. ago'],
    [119, '1 min. ago'],
    [7_200, '2 hr. ago'],
    [200_000, '2 days ago'],
  ])('tells that %s seconds have passed', (past, expected) => {
    expect(ago(1_000_000, 1_000_000 + past)).toBe(expected);
  });
});
