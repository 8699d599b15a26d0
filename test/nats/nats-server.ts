import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { killed } from './killed.ts';
import type { Network } from './network.ts';

/** A NATS server that may be killed and started again over the same files, under the same address. */
export interface NatsServer extends AsyncDisposable {
  readonly name: string;
  /** `nats://HOST:PORT`. */
  readonly url: string;
  /** Undefined before its first start. */
  readonly pid: number | undefined;
  /** Resolves when JetStream serves, within 30 s. `config`: further lines of its configuration from now on. */
  start(config?: string): Promise<void>;
  /** Resolves when JetStream serves, within 30 s; rejects with what the server has logged. */
  serves(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** One server, alone, started. `config`: further lines of its configuration. */
export async function natsServer(config = ''): Promise<NatsServer> {
  const server = prepare('alone', { port: await freePort(), monitor: await freePort(), config });
  await server.start();
  return server;
}

/** So many servers as one cluster, started, which reach one another over links of the network. */
export async function natsCluster(size: number, network: Network): Promise<readonly NatsServer[]> {
  const machines = await Promise.all(
    Array.from({ length: size }, async (_, at) => ({ name: `server-${at + 1}`, route: await freePort() })),
  );
  const servers = await Promise.all(
    machines.map(async ({ name, route }) => {
      const others = machines.filter((other) => other.name !== name);
      const links = await Promise.all(
        others.map((other) => network.dial(name, other.name, `127.0.0.1:${other.route}`)),
      );
      // Nobody is told of an address that leads past the links.
      const advertised = 'advertise: "127.0.0.1:1", no_advertise: true';
      const routes = links.map((address) => `nats-route://${address}`).join(', ');
      return prepare(name, {
        port: await freePort(),
        monitor: await freePort(),
        config: `cluster { name: weir, listen: "127.0.0.1:${route}", ${advertised}, routes: [${routes}] }`,
      });
    }),
  );
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

/**
 * One server by a configuration of `docker/nats`, under an address of this machine, with these variables and the certificates in
 * this folder; not started.
 */
export async function natsOf(
  file: string,
  { tls, leafPort = 0, env = {} }: { tls: string; leafPort?: number; env?: Readonly<Record<string, string>> },
): Promise<NatsServer> {
  const text = readFileSync(fileURLToPath(import.meta.resolve(`../../docker/nats/${file}`)), 'utf8');
  const [port, monitor] = [await freePort(), await freePort()];
  const configure = (folder: string) =>
    `${text
      .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
      .replace('0.0.0.0:7422', `127.0.0.1:${leafPort}`)
      .replaceAll('"/tls/', `"${tls}/`)
      .replace('"/data"', `"${folder}/data"`)}
http: "127.0.0.1:${monitor}"
`;
  return prepare(file, { port, monitor, configure, env });
}

interface Prepared {
  readonly port: number;
  readonly monitor: number;
  /** Further lines of its configuration. */
  readonly config?: string;
  /** All of it. */
  readonly configure?: (folder: string, further: string) => string;
  readonly env?: Readonly<Record<string, string>>;
}

function prepare(name: string, { port, monitor, config = '', configure, env = {} }: Prepared): NatsServer {
  const folder = mkdtempSync(join(tmpdir(), 'weir-nats-'));
  const file = join(folder, 'nats.conf');
  configure ??= (_folder, further) => `server_name: ${name}
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: "${folder}/data", sync_interval: always }
${further}
`;
  let child: ChildProcess | undefined;
  let log = '';
  const serves = async () => {
    const until = Date.now() + 30_000;
    while (!(await isHealthy(monitor))) {
      if (child?.exitCode !== null || Date.now() > until) throw new Error(`${name} does not serve:\n${log}`);
      await sleep(50);
    }
  };
  const kill = () => killed(child);
  return {
    name,
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child?.pid;
    },
    async start(further = config) {
      writeFileSync(file, configure(folder, further));
      child = spawn(process.env.WEIR_NATS_SERVER!, ['-c', file], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...env },
      });
      log = '';
      child.stderr!.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-10_000)));
      await serves();
    },
    serves,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const isHealthy = (monitor: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${monitor}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
