import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Program } from '../../docker/bundle/programs.ts';
import { chromiumPath } from '../console/browser.ts';
import { type Authority, createAuthority } from '../../libs/rpc/src/certificates.fixture.ts';
import { readDocument, root } from '../support/document.ts';
import { readLayout } from '../support/oci-layout.ts';
import { type Programs, programs, type Started } from '../support/programs.ts';
import { type Container, unpack } from './container.ts';
import type { FramesAsked, FrameTold } from './frames.ts';
import { type Host, openHost } from './network.ts';
import type { PageAsked, PageTold } from './page.ts';

const images = process.env.WEIR_IMAGES!;
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

interface Machine {
  readonly program: Program;
  readonly address: string;
  /** In its certificate. */
  readonly identity: string;
  readonly settings: object;
}

const [policy, telemetry] = ['10.77.0.2:7100', '10.77.0.3:7300'];
const quick = 'mobilenet-v1-0.25-int8';

const worker = (nodeId: string, tier: string, address: string, more: object = {}): Machine => ({
  program: 'inference-worker',
  address,
  identity: `cell/cell-1/node/${nodeId}`,
  settings: { nodeId, tier, telemetry, listen: `${address}:7200`, ...more },
});
/** With a model below the floor: it needs the others. */
const device = (deviceId: string, address: string): Machine => ({
  program: 'device-agent',
  address,
  identity: `cell/cell-1/device/${deviceId}`,
  settings: { deviceId, policy, telemetry, localVariants: [quick], dilationFactor: 300 },
});

/** Each a container on a machine of its own. */
const machines: Readonly<Record<string, Machine>> = {
  policy: {
    program: 'policy-service',
    address: '10.77.0.2',
    identity: 'service/policy',
    settings: { accuracyFloor: 0.85 },
  },
  telemetry: { program: 'telemetry', address: '10.77.0.3', identity: 'service/telemetry', settings: {} },
  'edge-1': worker('edge-1', 'edge', '10.77.0.4'),
  'cloud-1': worker('cloud-1', 'cloud', '10.77.0.5', { slots: 3, dilationFactor: 200 }),
  console: {
    program: 'console',
    address: '10.77.0.6',
    identity: 'service/console',
    settings: { policy, telemetry, listen: '127.0.0.1:7080' },
  },
  'camera-1': device('camera-1', '10.77.0.11'),
  'camera-2': device('camera-2', '10.77.0.12'),
  'camera-3': device('camera-3', '10.77.0.13'),
};
const cameras = Object.keys(machines).filter((name) => machines[name]!.program === 'device-agent');

describe('the images as a cell of machines with networks of their own, under mutual TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-cell-'));
  const containers = new Map<Program, Container>();
  const environments = new Map<string, Record<string, string>>();
  const started = new Map<string, Started>();
  let authority: Authority;
  let running: Programs;
  let host: Host;
  let application: ReturnType<typeof startApplication>;

  beforeAll(async () => {
    authority = createAuthority();
    running = programs();
    host = await openHost();
    // As the document makes them.
    const { text } = await readDocument('docs/certificates.md');
    const [makesMachines] = /^machine\(\) \{[\s\S]*?(?=^machine )/m.exec(text)!;
    const each = Object.entries(machines).map(([name, { address }]) => `machine ${name} ${address}`);
    host.run([makesMachines, ...each].join('\n'));
    for (const name of Object.keys(machines)) await start(name);
    application = startApplication();
  }, 300_000);
  afterAll(async () => {
    await application?.end();
    await running?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
    authority?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function containerOf(program: Program): Container {
    const unpacked = containers.get(program);
    if (unpacked) return unpacked;
    const image = readLayout(join(images, `weir-${program}`)).images.get(architecture)!;
    const container = unpack(join(folder, program), image);
    containers.set(program, container);
    return container;
  }

  function environmentOf(name: string): Record<string, string> {
    const known = environments.get(name);
    if (known) return known;
    const { program, address, identity, settings } = machines[name]!;
    const { cert, key } = authority.issue(name, [`spiffe://weir/weir/${identity}`], [address]);
    const own = join('/etc/weir', name);
    const files = { cert: join(own, 'own.pem'), key: join(own, 'own.key'), ca: join(own, 'ca.pem') };
    // An agent shows applications its own, too.
    const sides = program === 'device-agent' ? ['tls', 'listenTls'] : ['tls'];
    const tls = sides.flatMap((side) => [
      [`${side}Cert`, files.cert],
      [`${side}Key`, files.key],
      [`${side}Ca`, files.ca],
    ]);
    containerOf(program).configure(name, {
      'weir.yaml': { text: JSON.stringify({ ...settings, ...Object.fromEntries(tls) }) },
      'own.pem': { file: cert! },
      'own.key': { file: key! },
      'ca.pem': { file: authority.ca },
    });
    const environment = {
      WEIR_CONFIG: join(own, 'weir.yaml'),
      // The image's own is every address of the machine, which a worker cannot tell to devices.
      ...('listen' in settings && { WEIR_LISTEN: String(settings.listen) }),
    };
    environments.set(name, environment);
    return environment;
  }

  const within = (name: string, argv?: readonly string[]) => {
    const container = containerOf(machines[name]!.program);
    const environment = environmentOf(name);
    return host.command(container.command(argv ?? container.config.Entrypoint, environment), name);
  };
  const start = async (name: string) => void started.set(name, await running.start(within(name)));

  /** Sends frames to all devices from here on. */
  function startApplication() {
    const owner = authority.issue('application', ['spiffe://weir/weir/operator/ada']);
    const asked: FramesAsked = {
      agents: Object.fromEntries(cameras.map((name) => [name, `${machines[name]!.address}:7000`])),
      tls: { cert: owner.cert!, key: owner.key!, ca: authority.ca },
      picture: join(root, 'libs/inference/models/samples/scene-0000.png'),
    };
    const script = fileURLToPath(new URL('frames.ts', import.meta.url));
    const [program, ...argv] = host.command([process.execPath, script, JSON.stringify(asked)]);
    const child = spawn(program!, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    const told: FrameTold[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line) as FrameTold));
    return {
      told,
      async end() {
        child.stdin.end();
        await closed;
      },
    };
  }

  it('answers 300 frames of three devices, also while the edge is dead, and at the edge again once it is back', async () => {
    const { told } = application;
    const devicesAt = (nodeId: string, since: number) =>
      [
        ...new Set(told.slice(since).flatMap((frame) => (frame.nodeId === nodeId ? frame.device : []))),
      ].sort();
    const patience = { timeout: 90_000, interval: 50 };

    await vi.waitFor(() => expect(devicesAt('edge-1', 0)).toEqual(cameras), patience);
    const { child } = started.get('edge-1')!;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const dead = told.length;
    await vi.waitFor(() => {
      expect(told.length).toBeGreaterThan(dead + 60);
      expect(devicesAt('cloud-1', dead)).toEqual(cameras);
    }, patience);
    await start('edge-1');
    const back = told.length;
    await vi.waitFor(() => {
      expect(devicesAt('edge-1', back)).toEqual(cameras);
      expect(told.length).toBeGreaterThanOrEqual(300);
    }, patience);
  }, 300_000);

  it.runIf(chromiumPath())(
    'is shown in its console, in a browser',
    async () => {
      const folder = join(import.meta.dirname, '.weir/screenshots');
      mkdirSync(folder, { recursive: true });
      const url = 'http://127.0.0.1:7080';
      const asked: PageAsked = { url, devices: cameras, path: join(folder, 'cell.png') };
      const script = fileURLToPath(new URL('page.ts', import.meta.url));
      const [program, ...argv] = host.command([process.execPath, script, JSON.stringify(asked)], 'console');
      const { stdout } = await promisify(execFile)(program!, argv);
      const { text, faults } = JSON.parse(stdout) as PageTold;
      expect(text).toMatch(/camera-1[^]*edge-1/);
      expect(text).toMatch(/edge-1.*(away|unreachable|restarted)/);
      expect(faults).toEqual([]);
    },
    120_000,
  );

  it('has let no frame fail', async () => {
    await application.end();
    expect(application.told.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it.each(Object.keys(machines))('%s is healthy by the check of its image', (name) => {
    const { program } = machines[name]!;
    const [, ...check] = containerOf(program).config.Healthcheck.Test;
    const [command, ...argv] = within(name, check);
    const { status, stdout, stderr } = spawnSync(command!, argv, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/: SERVING\n$/);
  });

  it('has nothing that could be written to, and no shell', () => {
    const script = `const fs = require('node:fs');
      const refused = (path) => { try { fs.writeFileSync(path, ''); return 'written'; } catch ({ code }) { return code; } };
      console.log(process.getuid(), refused('/opt/weir/x'), refused('/etc/x'), refused('/tmp/x'), fs.existsSync('/bin/sh'));`;
    const [command, ...argv] = within('telemetry', ['/usr/bin/node', '-e', script]);
    expect(spawnSync(command!, argv, { encoding: 'utf8' }).stdout).toBe('65532 EROFS EROFS written false\n');
  });

  it('has machines that see no network but the cell’s', () => {
    const script = 'console.log(Object.keys(require("node:os").networkInterfaces()).join())';
    const [command, ...argv] = within('camera-1', ['/usr/bin/node', '-e', script]);
    expect(spawnSync(command!, argv, { encoding: 'utf8' }).stdout).toBe('lo,eth0\n');
  });
});
