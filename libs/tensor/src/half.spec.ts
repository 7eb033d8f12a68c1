import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.js';

const allHalves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

describe('float16', () => {
  it('reads known values', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00, 0xfc00);
    expect([...float16ToFloat32(bits)]).toEqual([1, -2, 65_504, 2 ** -14, 2 ** -24, -0, Infinity, -Infinity]);
    expect(float16ToFloat32(Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it('gives back every half that is not NaN after a round trip', () => {
    const back = float32ToFloat16(float16ToFloat32(allHalves));
    const isNan = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
    expect(allHalves.filter((bits) => !isNan(bits) && back[bits] !== bits)).toHaveLength(0);
    expect(allHalves.filter((bits) => isNan(bits) && !isNan(back[bits] ?? 0))).toHaveLength(0);
  });

  it('rounds to nearest even, also among subnormals and at the top', () => {
    const ulp = 2 ** -10;
    const floats = Float32Array.of(1 + ulp / 2, 1 + 1.5 * ulp, 1 + ulp / 2 + 2 ** -20, 65_519, 65_520);
    expect([...float32ToFloat16(floats)]).toEqual([0x3c00, 0x3c02, 0x3c01, 0x7bff, 0x7c00]);
    const tiny = Float32Array.of(2 ** -25, 2 ** -25 + 2 ** -40, 1.5 * 2 ** -24, 2 ** -26, -(2 ** -24));
    expect([...float32ToFloat16(tiny)]).toEqual([0, 1, 2, 0, 0x8001]);
  });
});

describe('bfloat16', () => {
  it('is the upper half of a float32, rounded to nearest even', () => {
    expect([...bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc000))]).toEqual([1, -2]);
    const floats = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -Infinity);
    expect([...float32ToBfloat16(floats)]).toEqual([0x3f80, 0x3f82, 0x3f81, 0xff80]);
    expect(bfloat16ToFloat32(float32ToBfloat16(Float32Array.of(NaN)))[0]).toBeNaN();
  });
});
