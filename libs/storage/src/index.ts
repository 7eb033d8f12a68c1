export { BlobStore, type Blob, type ByteRange, type ListedBlob } from './blob-store.js';
export { LocalBlobStore } from './local-blob-store.js';
