import { AppError } from '@prad/errors';
import { describe, expect, it } from 'vitest';
import { byteLength, elementCount, sameShape, tensor, typedArrays, bytesPerElement, zeros } from './index.js';

describe('tensor', () => {
  it('keeps the given array without copying', () => {
    const data = new Float32Array(6);
    expect(tensor('float32', [2, 3], data).data).toBe(data);
  });

  it('counts elements: scalars are 1, an empty axis is 0', () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([3, 0, 2])).toBe(0);
    expect(byteLength('int64', [2, 3])).toBe(48);
  });

  it('refuses a length or an axis that does not fit', () => {
    expect(() => tensor('int32', [2, 2], new Int32Array(3))).toThrow(/\[2, 2\] needs 4 elements, got 3/);
    expect(() => tensor('uint8', [-1], new Uint8Array(0))).toThrow(AppError);
    expect(() => tensor('uint8', [1.5], new Uint8Array(1))).toThrow(/whole numbers/);
  });

  it('gives every dtype an array whose element size is the stated one', () => {
    for (const [dtype, make] of Object.entries(typedArrays)) {
      expect(make.BYTES_PER_ELEMENT, dtype).toBe(bytesPerElement[dtype as keyof typeof bytesPerElement]);
    }
    expect(zeros('int64', [2]).data).toEqual(new BigInt64Array(2));
  });

  it('compares shapes by axes', () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2], [2, 1])).toBe(false);
  });
});
