import { architectureContract } from '../numerics/nn/architecture-contract.js';

for (const folder of ['llama', 'gpt2']) architectureContract(folder, 'webgpu');
