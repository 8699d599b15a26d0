import { Cancelled, sleep, Unavailable } from '@weir/base';
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchModels } from './bench-family.ts';
import { callerOf } from './caller.ts';
import { endProcess, type ServerProcess, startServer } from '../child.ts';
import type { Python } from './python.ts';

const workerProgram = fileURLToPath(import.meta.resolve('@weir/inference-worker/main'));
const peers = fileURLToPath(new URL('./peers', import.meta.url));

interface StartOptions {
  /** Folder of the family. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Weir's worker, as installed; it checks nothing by itself while it idles, as others take their turns then. */
export const startWorker = (slots: number, { folder, signal }: StartOptions): Promise<ServerProcess> =>
  startServer(
    process.execPath,
    [workerProgram, `--models=${folder}`, `--slots=${slots}`, '--idle-check-ms=0', '--log-level=warn'],
    { name: 'the worker', signal },
  );

export const startPythonServer = (
  slots: number,
  { program, stubs }: Python,
  { folder, signal }: StartOptions,
): Promise<ServerProcess> =>
  startServer(program, [join(peers, 'python_server.py'), folder, String(slots)], {
    name: 'the Python server',
    signal,
    env: { ...process.env, PYTHONPATH: stubs, PYTHONDONTWRITEBYTECODE: '1' },
  });

/** Longest wait for MLServer, ms. */
const readyWithinMs = 60_000;

/** MLServer, with the models in its own process: handing tensors to others would cost it more. */
export async function startMlserver(
  { program }: Python,
  { folder, signal }: StartOptions,
): Promise<ServerProcess> {
  const home = join(folder, 'mlserver');
  const [http, grpc, metrics] = await freePorts(3);
  await mkdir(home);
  const settings = {
    host: '127.0.0.1',
    http_port: http,
    grpc_port: grpc,
    metrics_port: metrics,
    parallel_workers: 0,
    debug: false,
    grpc_max_message_length: 16 * 1024 * 1024,
  };
  await writeFile(join(home, 'settings.json'), JSON.stringify(settings));
  for (const { name } of benchModels) {
    await mkdir(join(home, name));
    const model = {
      name,
      implementation: 'onnx_runtime.OnnxModel',
      parameters: { uri: join(folder, `${name}.onnx`) },
    };
    await writeFile(join(home, name, 'model-settings.json'), JSON.stringify(model));
  }
  const child = spawn(join(dirname(program), 'mlserver'), ['start', home], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PYTHONPATH: peers, PYTHONDONTWRITEBYTECODE: '1' },
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors = (errors + String(data)).slice(-2_000)));
  const address = `127.0.0.1:${grpc}`;
  try {
    await answering(address, { over: () => child.exitCode !== null, signal });
  } catch (cause) {
    await endProcess(child);
    throw cause instanceof Cancelled
      ? cause
      : new Unavailable(`MLServer did not start\n${errors}`, { cause });
  }
  return { pid: child.pid!, address, [Symbol.asyncDispose]: () => endProcess(child) };
}

/** Resolves once every model answers. */
async function answering(
  address: string,
  { over, signal }: { over: () => boolean; signal: AbortSignal },
): Promise<void> {
  const until = performance.now() + readyWithinMs;
  for (const { name: variant, side } of benchModels) {
    const bytes = new Uint8Array(4 * 3 * side * side);
    for (;;) {
      await using caller = callerOf({ protocol: 'open-inference', address, variant, input: { side } }, bytes);
      try {
        await caller.infer();
        break;
      } catch (cause) {
        if (signal.aborted) throw new Cancelled('the benchmark was stopped', { cause });
        if (over() || performance.now() > until) throw cause;
      }
      await sleep(200, { signal });
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  for (const server of held) server.close();
  return ports;
}
