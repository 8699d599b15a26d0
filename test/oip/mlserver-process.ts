import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** A model of the embedded family by another name. */
export interface ServedFile {
  readonly name: string;
  /** Variant whose file it is. */
  readonly variant: string;
  /** What the server tells of its input, `[-1, 3, 64, 64]`. @default nothing */
  readonly shape?: readonly number[];
}

/** MLServer on a port that stays the same over restarts. */
export interface Mlserver extends AsyncDisposable {
  readonly address: string;
  start(): void;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** What a model does from now on: `hang`, `error`, `nan` or `shape`; undefined: its work. */
  fault(model: string, fault: string | undefined): Promise<void>;
}

/** `python`: one with MLServer and ONNX Runtime. */
export async function prepareMlserver(python: string, models: readonly ServedFile[]): Promise<Mlserver> {
  const home = await mkdtemp(join(tmpdir(), 'weir-mlserver-'));
  const [http, grpc, metrics] = await freePorts(3);
  const settings = {
    host: '127.0.0.1',
    http_port: http,
    grpc_port: grpc,
    metrics_port: metrics,
    parallel_workers: 0,
    debug: false,
  };
  await writeFile(join(home, 'settings.json'), JSON.stringify(settings));
  for (const { name, variant, shape } of models) {
    await mkdir(join(home, name));
    const told = shape && {
      inputs: [{ name: 'scene', datatype: 'FP32', shape }],
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }],
    };
    const uri = path(`../../libs/inference/models/${variant}.onnx`);
    const model = { name, implementation: 'awkward_runtime.AwkwardModel', parameters: { uri }, ...told };
    await writeFile(join(home, name, 'model-settings.json'), JSON.stringify(model));
  }
  const runtimes = [path('./mlserver'), path('../../apps/cli/src/bench/serving/peers')].join(':');
  const env = { ...process.env, PYTHONPATH: runtimes, PYTHONDONTWRITEBYTECODE: '1' };
  const spawned = () =>
    spawn(join(dirname(python), 'mlserver'), ['start', home], { cwd: home, stdio: 'ignore', env });
  let child: ReturnType<typeof spawned> | undefined;
  const kill = async (signal: NodeJS.Signals) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, 'exit');
    child.kill(signal);
    await over;
  };
  return {
    address: `127.0.0.1:${grpc}`,
    start: () => void (child = spawned()),
    kill,
    fault: (model, fault) =>
      fault === undefined
        ? rm(join(home, `${model}.fault`), { force: true })
        : writeFile(join(home, `${model}.fault`), fault),
    async [Symbol.asyncDispose]() {
      await kill('SIGKILL');
      await rm(home, { recursive: true });
    },
  };
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
