import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';

/** A NATS server that may be killed and started again over the same files, under the same address. */
export interface NatsServer extends AsyncDisposable {
  /** `nats://HOST:PORT`. */
  readonly url: string;
  /** Resolves when JetStream serves, within 30 s. `config`: further lines of its configuration from now on. */
  start(config?: string): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** One server, alone, started. `config`: further lines of its configuration. */
export async function natsServer(config = ''): Promise<NatsServer> {
  const server = prepare('alone', { port: await freePort(), monitor: await freePort(), config });
  await server.start();
  return server;
}

/** So many servers as one cluster, started. */
export async function natsCluster(size: number): Promise<readonly NatsServer[]> {
  const routes = await Promise.all(Array.from({ length: size }, freePort));
  const urls = routes.map((port) => `nats-route://127.0.0.1:${port}`).join(', ');
  const servers = await Promise.all(
    routes.map(async (route, at) =>
      prepare(`server-${at + 1}`, {
        port: await freePort(),
        monitor: await freePort(),
        config: `cluster { name: weir, listen: "127.0.0.1:${route}", routes: [${urls}] }`,
      }),
    ),
  );
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

function prepare(
  name: string,
  { port, monitor, config }: { port: number; monitor: number; config: string },
): NatsServer {
  const folder = mkdtempSync(join(tmpdir(), 'weir-nats-'));
  const file = join(folder, 'nats.conf');
  const configure = (further: string) =>
    writeFileSync(
      file,
      `server_name: ${name}
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: "${folder}/data", sync_interval: always }
${further}
`,
    );
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    async start(further = config) {
      configure(further);
      child = spawn(process.env.WEIR_NATS_SERVER!, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
      let log = '';
      child.stderr!.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-10_000)));
      const until = Date.now() + 30_000;
      while (!(await serves(monitor))) {
        if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} does not serve:\n${log}`);
        await sleep(50);
      }
    },
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const serves = (monitor: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${monitor}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
