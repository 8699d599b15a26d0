import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAgent } from '@weir/cell';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nameOf } from '../../docker/images/image.ts';
import { services } from '../../docker/images/services.ts';
import { type Authority, createAuthority } from '../../libs/rpc/src/certificates.fixture.ts';
import { root } from '../support/document.ts';
import { readLayout } from '../support/oci-layout.ts';
import { type Programs, programs } from '../support/programs.ts';
import { type Container, freePort, unpack } from './container.ts';

const images = process.env.WEIR_IMAGES!;
const picture = readFileSync(join(root, 'libs/inference/models/samples/scene-0000.png'));
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const mostBytes = (program: string) => (/agent|worker/.test(program) ? 220e6 : 150e6);

describe.each(services)('the image of $program', (service) => {
  const name = nameOf(service);

  it('is valid for both platforms, and has programs of its own platform only', () => {
    const layout = readLayout(join(images, name));
    expect([...layout.images.keys()]).toEqual(['amd64', 'arm64']);
    for (const [each, { layers }] of layout.images) {
      const unpackedBytes = layers.reduce((sum, { length }) => sum + length, 0);
      expect(unpackedBytes).toBeLessThan(mostBytes(service.program));
      const machines = new Set(layers.flatMap(machinesIn));
      expect([...machines]).toEqual([each === 'amd64' ? 62 : 183]);
    }
  });

  it.each(['amd64', 'arm64'])('has a list of what is in it on %s', (each) => {
    const sbom = JSON.parse(readFileSync(join(images, `${name}.${each}.cdx.json`), 'utf8')) as {
      components: { purl: string }[];
    };
    const purls = sbom.components.map(({ purl }) => purl);
    const cpu = each === 'amd64' ? 'x64' : 'arm64';
    expect(purls).toContainEqual(expect.stringMatching(/^pkg:deb\/debian\/libc6@/));
    expect(purls).toContainEqual(expect.stringMatching(`^pkg:npm/node-linux-${cpu}@`));
    expect(purls).toContainEqual(expect.stringMatching(/^pkg:npm\/%40grpc\/grpc-js@/));
    const native = purls.filter((purl) => purl.startsWith('pkg:npm/onnxruntime-node@'));
    expect(native).toHaveLength(/agent|worker/.test(service.program) ? 1 : 0);
  });
});

/** Machines (ELF's e_machine) that programs in a tar archive are made for. */
function machinesIn(tar: Buffer): number[] {
  const machines = [];
  for (let at = tar.indexOf('\x7fELF'); at >= 0; at = tar.indexOf('\x7fELF', at + 1))
    // A file begins behind its header.
    if (tar.subarray(at - 255, at - 250).equals(Buffer.from('ustar')))
      machines.push(tar.readUInt16LE(at + 18));
  return machines;
}

describe('the images as a cell under mutual TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-images-'));
  const ports = new Map<string, number>();
  const at = (program: string) => `127.0.0.1:${ports.get(program)}`;
  let authority: Authority;
  let running: Programs;
  const containers = new Map<string, Container>();

  beforeAll(async () => {
    authority = createAuthority();
    running = programs();
    for (const { program } of services) ports.set(program, await freePort());
    const settings: Record<string, object> = {
      'policy-service': {},
      telemetry: {},
      'inference-worker': {
        nodeId: 'edge-1',
        telemetry: at('telemetry'),
        advertise: at('inference-worker'),
      },
      'device-agent': {
        policy: at('policy-service'),
        telemetry: at('telemetry'),
        targets: [`edge-1=edge@${at('inference-worker')}`],
      },
      console: { policy: at('policy-service'), telemetry: at('telemetry') },
    };
    const identities: Record<string, string> = {
      'policy-service': 'service/policy',
      telemetry: 'service/telemetry',
      'inference-worker': 'cell/cell-1/node/edge-1',
      'device-agent': 'cell/cell-1/device/device-1',
      console: 'service/console',
    };
    for (const { program } of services) {
      const layout = readLayout(join(images, `weir-${program}`));
      const { cert, key } = authority.issue(program, [`spiffe://weir/weir/${identities[program]}`]);
      const config = join(folder, `${program}.yaml`);
      const tls = { tlsCert: '/etc/weir/own.pem', tlsKey: '/etc/weir/own.key', tlsCa: '/etc/weir/ca.pem' };
      writeFileSync(config, JSON.stringify({ ...settings[program], ...tls }));
      const image = layout.images.get(architecture)!;
      const container = unpack(join(folder, program), image, {
        'weir.yaml': config,
        'own.pem': cert!,
        'own.key': key!,
        'ca.pem': authority.ca,
      });
      containers.set(program, container);
      await running.start(container.command(image.config.config.Entrypoint, environmentOf(program)), {});
    }
  }, 300_000);
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    authority?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const environmentOf = (program: string) => ({
    WEIR_CONFIG: '/etc/weir/weir.yaml',
    WEIR_LISTEN: at(program),
  });

  it('answers 30 frames, on the device or at the edge', async () => {
    await using device = connectAgent(at('device-agent'));
    await vi.waitFor(async () => expect((await device.status()).directiveVersion).toBeGreaterThan(0n), {
      timeout: 60_000,
      interval: 100,
    });
    for (let frame = 0; frame < 30; frame++) {
      const { placement } = await device.infer({ image: picture });
      expect(['device-1', 'edge-1']).toContain(placement?.nodeId);
    }
  }, 120_000);

  it.each(services)('$program is healthy by the check of its image', ({ program }) => {
    const { config } = readLayout(join(images, `weir-${program}`)).images.get(architecture)!;
    const [, ...check] = config.config.Healthcheck.Test;
    const [command, ...argv] = containers.get(program)!.command(check, environmentOf(program));
    const { status, stdout, stderr } = spawnSync(command!, argv, { encoding: 'utf8' });
    expect({ status, stderr, stdout }).toMatchObject({ status: 0, stdout: `${at(program)}: SERVING\n` });
  });

  it('has nothing that could be written to, and no shell', () => {
    const script = `const fs = require('node:fs');
      const refused = (path) => { try { fs.writeFileSync(path, ''); return 'written'; } catch ({ code }) { return code; } };
      console.log(process.getuid(), refused('/opt/weir/x'), refused('/etc/x'), refused('/tmp/x'), fs.existsSync('/bin/sh'));`;
    const [command, ...argv] = containers.get('telemetry')!.command(['/usr/bin/node', '-e', script], {});
    expect(spawnSync(command!, argv, { encoding: 'utf8' }).stdout).toBe('65532 EROFS EROFS written false\n');
  });
});
