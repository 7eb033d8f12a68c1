export {
  adapterDigest,
  decodeAdapter,
  encodeAdapter,
  readAdapter,
  type AdapterArtefact,
} from './adapter-artefact.js';
export {
  adapterFolder,
  decodeAdapterFolder,
  encodeAdapterFolder,
  type AdapterFolderBytes,
} from './adapter-folder.js';
export { baseLayout, type AdapterBase, type BaseLayout } from './base-layout.js';
export { refuseMisfits } from './fit-artefact.js';
export { trainedParameterCount } from './trained-parameters.js';
export { folderFormats, readAdapterFolder, writeAdapterFolder, type FolderFormat } from './convert.js';
export { influenceOf, influenceText, placesOf, type AdapterPlaces, type Influence } from './influence.js';
export { inspectArtefact, inspectFolder, type AdapterFacts } from './inspect.js';
export type { AdapterFiles } from './peft/peft-method.js';
