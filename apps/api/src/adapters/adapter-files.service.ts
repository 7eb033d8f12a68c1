import { buffer } from 'node:stream/consumers';
import { Inject, Injectable } from '@nestjs/common';
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import {
  adapterFolder,
  decodeAdapter,
  decodeAdapterFolder,
  encodeAdapter,
  encodeAdapterFolder,
  readAdapterFolder,
  writeAdapterFolder,
  type AdapterArtefact,
  type FolderFormat,
} from '@prad/adapter-files';
import type { AdapterFileName } from '@prad/contracts';
import { AdapterRepository, BaseModelRepository } from '@prad/database';
import { newAdapterName, newId, type AdapterDetail, type JsonObject } from '@prad/domain';
import { BlobStore } from '@prad/storage';
import { ModelResolver } from '../models/model-resolver.js';
import { API_SETTINGS, type ApiSettings } from '../settings.js';
import { readAdapterForm } from './adapter-form.js';
import { layoutOfBase } from './base-layout.js';

/** Adapters from and to the two files that PEFT keeps them in. */
@Injectable()
export class AdapterFilesService {
  constructor(
    private readonly models: ModelResolver,
    private readonly adapters: AdapterRepository,
    private readonly baseModels: BaseModelRepository,
    private readonly blobs: BlobStore,
    @Inject(API_SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /**
   * Makes an adapter, or the next version of one, of a form's files: blob first, then row, after which requests can name it. Throws
   * invalid naming the field or tensor at fault, conflict for another base's adapter.
   */
  async import(
    project: string,
    parts: AsyncIterable<MultipartFile | MultipartValue>,
  ): Promise<AdapterDetail> {
    const { fields, folder } = await readAdapterForm(parts, this.settings.maxUploadBytes);
    const { id: name, digest, ...base } = await this.models.resolveBase(project, fields.model);
    const of = { name, digest, layout: layoutOfBase({ ...base, id: name }) };
    const artefact = readAdapterFolder(await decodeAdapterFolder(folder), of, fields.scope);
    const key = `adapters/${newId('advers')}/adapter.safetensors`;
    const blob = await this.blobs.put(key, encodeAdapter(artefact));
    const version = { blobKey: key, digest: blob.sha256, bytes: blob.bytes };
    try {
      const made = rowOf(artefact);
      if (fields.adapter !== undefined) {
        return await this.adapters.addVersion(project, fields.adapter, made, version);
      }
      const id = newAdapterName(made.baseModel, fields.suffix ?? null);
      return await this.adapters.create(project, { ...made, id }, version);
    } catch (error) {
      await this.blobs.delete(key);
      throw error;
    }
  }

  /** One of the two files. Throws conflict `not_expressible` for an adapter that PEFT has no form of. */
  async export(
    project: string,
    id: string,
    format: FolderFormat,
    file: AdapterFileName,
  ): Promise<Uint8Array> {
    const { latest, baseModel } = await this.adapters.getIn(project, id);
    const artefact = await decodeAdapter(await buffer(await this.blobs.get(latest.blobKey)), id);
    const layout = layoutOfBase(await this.baseModels.getReady(baseModel));
    const { config, weights } = encodeAdapterFolder(writeAdapterFolder(artefact, layout, format));
    return file === adapterFolder.config ? config : weights;
  }
}

function rowOf({ method, options, scope, baseModel, baseDigest, tensors }: AdapterArtefact) {
  const parameterCount = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    ...{ baseModel, baseDigest, method, scope, parameterCount },
    // They were JSON in the file.
    options: options as JsonObject,
    task: null,
  };
}
