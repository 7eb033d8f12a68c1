/** GPT-2's printable stand-ins for the 256 bytes, in the order of the bytes. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let spare = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : spare++));
}

/** The characters of BYTE_CHARACTERS in the order in which a vocabulary lists them: by code point. */
export const BYTE_VOCABULARY: readonly string[] = [...BYTE_CHARACTERS].sort((a, b) => (a < b ? -1 : 1));

/** GPT-2's rule for cutting text into words before merging; Hugging Face's ByteLevel uses the same. */
export const WORD_PATTERN = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
