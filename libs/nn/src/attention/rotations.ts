import { concat, reshape, rotaryEmbedding, split } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import type { Dimensions } from '../architectures/architecture.js';
import { ropeTable, type Rope, type RopeTable } from './rope.js';

/** The rotary tables of a model's layers; layers that rotate alike share one. `positions` bounds their length. */
export function ropeTables(
  at: Scope,
  dimensions: Dimensions,
  positions: number = dimensions.maxPositions,
): (layer: number) => { readonly rope: Rope; readonly table: RopeTable } | undefined {
  const made = new Map<string, RopeTable>();
  const length = Math.min(positions, dimensions.maxPositions);
  return (layer) => {
    const { rope } = dimensions.attention(layer);
    if (!rope) return undefined;
    const key = JSON.stringify(rope);
    const table = made.get(key) ?? ropeTable(at, rope, length);
    made.set(key, table);
    return { rope, table };
  };
}

/** Rotates queries or keys of a layer, [B, heads, T, D] or [B, T, heads*D]; as they are where positions are learned. */
export function rotations(
  at: Scope,
  dimensions: Dimensions,
  positionIds: Value,
  positions?: number,
): (place: Scope, layer: number, x: Value) => Value {
  const tables = ropeTables(at, dimensions, positions);
  const { headDim } = dimensions;
  return (place, layer, x) => {
    const found = tables(layer);
    if (!found) return x;
    const { rope, table } = found;
    if (rope.rotaryDim === headDim) return rotaryEmbedding(place, x, positionIds, table);
    // Only the first part of each head turns.
    const sizes = [rope.rotaryDim, headDim - rope.rotaryDim];
    const [batch = 1, second = 1, third = 1] = x.shape;
    const heads =
      x.shape.length === 4 ? x : reshape(place, x, [batch, second, Number(third) / headDim, headDim]);
    const [turning, still] = split(place, heads, { axis: 3, sizes }) as [Value, Value];
    const flat =
      x.shape.length === 4
        ? turning
        : reshape(place, turning, [batch, second, (Number(third) / headDim) * rope.rotaryDim]);
    const turned = reshape(place, rotaryEmbedding(place, flat, positionIds, table), turning.shape);
    return reshape(place, concat(place, [turned, still], 3), x.shape);
  };
}
