export { openSafetensors, decodeSafetensors, SafetensorsFile } from './safetensors/safetensors-file.js';
export type { SafetensorsEntry } from './safetensors/header.js';
export { encodeSafetensors } from './safetensors/encode.js';
export {
  writeSafetensors,
  type SafetensorsSource,
  type SafetensorsWriteOptions,
  type SafetensorsWritten,
} from './safetensors/write.js';
export type { SafetensorsDtype } from './safetensors/dtype.js';
export { openModelSource } from './open-model-source.js';
export type { ModelSource, ModelTensor } from './model-source.js';
export { isJsonObject, parseJsonObject, type JsonObject } from './strict-json.js';
export { JinjaTemplate } from './jinja-template.js';
export { Tokenizer, type DecodeOptions, type EncodeOptions } from './tokenizer/tokenizer.js';
export { decodePrompt, promptOffsets } from './tokenizer/decode-prompt.js';
export { IncrementalDetokenizer } from './tokenizer/incremental-detokenizer.js';
export {
  ChatTemplate,
  type ChatMessage,
  type ChatRole,
  type RenderOptions,
} from './tokenizer/chat-template.js';
export {
  encodeExample,
  encodePrompt,
  type Prompt,
  type OwnTokens,
  type TextCodec,
  type TextPiece,
  type TokenExample,
  type TrainingExample,
} from './tokenizer/encode-prompt.js';
export { LONGEST_ROW, readJsonLines, type JsonLine, type JsonLinesOptions } from './jsonl/read-json-lines.js';
export { columnOf, pickColumns, type Columns } from './columns.js';
export { readCsv, type CsvOptions } from './csv/read-csv.js';
export { readParquet, type ParquetOptions } from './parquet/read-parquet.js';
