import { text } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import type { ReadyBaseModel } from '@prad/domain';
import { ChatTemplate, Tokenizer, type JsonObject, type TextCodec } from '@prad/formats';
import { BlobStore } from '@prad/storage';

/** Tokenizers of this many models stay in memory. */
const MOST_KEPT = 4;

/** What turns text into a base model's tokens, read from the model's blobs and kept by their key. */
@Injectable()
export class TextCodecs {
  private readonly kept = new Map<string, Promise<TextCodec>>();

  constructor(private readonly blobs: BlobStore) {}

  async of({ blobKey }: ReadyBaseModel): Promise<TextCodec> {
    const codec = this.kept.get(blobKey) ?? this.read(blobKey);
    // The order of a map is that of insertion, so the first is the one that was not asked for longest.
    this.kept.delete(blobKey);
    this.kept.set(blobKey, codec);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return codec.catch((error: unknown) => {
      this.kept.delete(blobKey);
      throw error;
    });
  }

  private async read(blobKey: string): Promise<TextCodec> {
    const json = async (name: string) =>
      JSON.parse(await text(await this.blobs.get(`${blobKey}/${name}`))) as JsonObject;
    const config = await json('tokenizer_config.json');
    return {
      tokenizer: Tokenizer.fromJson(await json('tokenizer.json'), config),
      chatTemplate: ChatTemplate.fromConfig(config),
    };
  }
}
