import * as library from '@huggingface/tokenizers';

/** What is used of the tokenizer library. Its own declarations do not resolve in ES modules. */
export interface LibraryTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
  decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  readonly decoder: LibraryDecoder | null;
}

/** One step of decoding, or a sequence of them. */
interface LibraryDecoder {
  /** What makes text of bytes, in steps that do. */
  text_decoder?: InstanceType<typeof TextDecoder>;
  readonly decoders?: readonly LibraryDecoder[];
}

type Construct = new (tokenizerJson: object, tokenizerConfig: object) => LibraryTokenizer;

export const LibraryTokenizer = (library as unknown as { Tokenizer: Construct }).Tokenizer;
