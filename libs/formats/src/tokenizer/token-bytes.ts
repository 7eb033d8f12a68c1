import { isJsonObject, type JsonObject } from '../strict-json.js';
import type { Tokenizer } from './tokenizer.js';

const encoder = new TextEncoder();

/** Tells the bytes that a token adds to a text; parts of characters have no text of their own, but bytes. */
export type TokenBytes = (id: number) => Uint8Array;

/**
 * The bytes of a tokenizer's tokens, within a text rather than at its start, by the steps of its decoder: byte-level tokens in their
 * visible alphabet, byte tokens such as `<0xC3>`, and others by what they say behind themselves.
 */
export function tokenBytes(
  tokenizer: Pick<Tokenizer, 'decode' | 'tokenOf'>,
  decoder: JsonObject | null,
  added: ReadonlySet<number>,
): TokenBytes {
  const steps = stepsOf(decoder);
  return (id) => {
    const token = tokenizer.tokenOf(id);
    if (token === undefined) return new Uint8Array();
    if (added.has(id)) return encoder.encode(token);
    if (steps.has('ByteLevel')) return visibleBytes(token);
    const byte = steps.has('ByteFallback') ? /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    // Decoders drop the space of the first token alone.
    return encoder.encode(tokenizer.decode([id, id]).slice(tokenizer.decode([id]).length));
  };
}

/** Names of a decoder's steps. */
function stepsOf(decoder: JsonObject | null): ReadonlySet<unknown> {
  const inner = decoder?.['decoders'];
  const steps = Array.isArray(inner) ? inner.filter(isJsonObject) : [];
  return new Set([decoder?.['type'], ...steps.map((step) => step['type'])]);
}

/** GPT-2's `bytes_to_unicode`: printable bytes stand for themselves, the others for characters from 256 on, in order. */
const byteOf = new Map<string, number>();
let hidden = 256;
for (let byte = 0; byte < 256; byte++) {
  const visible = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  byteOf.set(String.fromCharCode(visible ? byte : hidden++), byte);
}

function visibleBytes(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = byteOf.get(character);
    // A token that was put into the vocabulary as plain text.
    if (byte === undefined) return encoder.encode(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
