import { encodeOnnx, Graph, neg } from '@prad/graph';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Where distributions put Chromium with its software driver. */
const chromiums = ['/usr/lib/chromium', '/usr/lib64/chromium-browser', '/opt/google/chrome'];
const DRIVER = 'libvk_swiftshader.so';

/** y = -x. */
function smallModel(): Uint8Array {
  const graph = new Graph();
  graph.output('y', neg(graph.root, graph.input('x', 'float32', [1])));
  return encodeOnnx(graph);
}

type Variables = Readonly<Record<string, string>>;

/** How a process has to be started for WebGPU to find something, and what that is. */
export interface Adapter {
  readonly name: string;
  readonly variables: Variables;
}

/**
 * The GPU of this machine, else Chromium's Vulkan driver, which computes on the CPU.
 * @throws Error with what to install where there is neither.
 */
export function findAdapter(environment: Variables): Adapter {
  const gpu = { name: 'the GPU of this machine', variables: {} };
  const problem = tryAdapter(environment, gpu);
  if (problem === undefined) return gpu;
  const software = softwareAdapter(environment);
  const other = tryAdapter(environment, software);
  if (other === undefined) return software;
  throw new Error(
    `no WebGPU: neither a GPU (${problem}) nor ${software.name} (${other}); install a Vulkan loader (Debian: libvulkan1)`,
  );
}

function softwareAdapter(environment: Variables): Adapter {
  const folder = chromiums.find((path) => existsSync(join(path, DRIVER)));
  if (folder === undefined) {
    throw new Error(
      `no WebGPU: there is no GPU with a Vulkan driver, and ${DRIVER}, which stands in for one, lies in none of ${chromiums.join(', ')}; install chromium (Debian: apt-get install chromium libvulkan1)`,
    );
  }
  const driver = join(folder, DRIVER);
  const icd = join(mkdtempSync(join(tmpdir(), 'prad-vulkan-')), 'icd.json');
  writeFileSync(
    icd,
    JSON.stringify({
      file_format_version: '1.0.0',
      ICD: { library_path: driver, api_version: '1.0.5' },
    }),
  );
  // Chromium brings the Vulkan loader too, for machines without one of their own.
  const libraries = [environment['LD_LIBRARY_PATH'], folder].filter((path) => path).join(':');
  return {
    name: `SwiftShader in software (${driver})`,
    variables: { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: libraries },
  };
}

/** A new process, since libraries are searched where the start of it said. */
function tryAdapter(environment: Variables, { variables }: Adapter): string | undefined {
  const script = `
    const { InferenceSession, env } = require('onnxruntime-node');
    env.logLevel = 'fatal';
    InferenceSession.create(Buffer.from(process.argv[1], 'base64'), { executionProviders: ['webgpu'], logSeverityLevel: 4 })
      .then((session) => session.release())
      .catch((error) => { console.error(error.message); process.exitCode = 1; });`;
  try {
    execFileSync(process.execPath, ['-e', script, Buffer.from(smallModel()).toString('base64')], {
      cwd: root,
      env: { ...environment, ...variables },
      stdio: 'pipe',
    });
    return undefined;
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    return (
      said
        .split('\n')
        .at(-1)
        ?.replace(/^.* was false\. /, '') ?? said
    );
  }
}
