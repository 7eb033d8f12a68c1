import { documents } from '../world/documents.js';
import { trainBytePairs, type BytePairModel } from './train-bpe.js';

/** Seed and size of the text that the tokenizer is trained on; the pretraining text has another seed. */
const TOKENIZER_SEED = 7;
const TOKENIZER_CHARACTERS = 5_000_000;

/** The tokenizer of `prad-tiny`, trained anew; it takes a few seconds. */
export function trainBundledTokenizer(vocabularySize: number): BytePairModel {
  return trainBytePairs(textOfLength(TOKENIZER_SEED, TOKENIZER_CHARACTERS), vocabularySize);
}

function* textOfLength(seed: number, characters: number): Generator<string> {
  let written = 0;
  for (const document of documents(seed)) {
    yield document;
    written += document.length;
    if (written >= characters) return;
  }
}
