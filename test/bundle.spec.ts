import { connectAgent } from '@weir/cell';
import { common } from '@weir/proto';
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundle, type BundledFile, licences } from '../docker/bundle/build.ts';
import { native, programs as bundled, type Program } from '../docker/bundle/programs.ts';
import { lockedAt } from '../docker/images/npm-packages.ts';
import { type Authority, createAuthority } from '../libs/rpc/src/certificates.fixture.ts';
import { root } from './support/document.ts';
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts';
import { type Programs, programs } from './support/programs.ts';

const image = readFileSync(join(root, 'libs/inference/models/samples/scene-0000.png'));
const variant = 'mobilenet-v1-0.25-int8';

/** As an installation has it: outside of the checkout, with no package but those of a platform. */
describe('the bundles of the programs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bundle-'));
  let files: readonly BundledFile[];
  const program = (name: Program) => join(folder, `${name}.js`);

  beforeAll(async () => {
    files = await bundle(folder);
    for (const name of native)
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (name: Program, ...argv: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [program(name), ...argv], { cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

  it.each(Object.keys(bundled) as Program[])('%s explains itself', async (name) => {
    const { code, stdout, stderr } = await run(name, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Usage: /);
  });

  it('come with the licences of all packages that they hold code of', () => {
    const text = readFileSync(join(folder, licences), 'utf8');
    const packages = new Set(files.flatMap((file) => file.packages).map(lockedAt));
    for (const { name, version, license } of packages)
      expect(text).toContain(`\n${name} ${version}: ${license}\n`);
    expect(text).toContain('Copyright (c) 2016, Daniel Wirtz');
    // Of one without a file of its licence.
    expect(text).toContain('Copyright 2008 Google Inc.  All rights reserved.\n\nRedistribution and use');
    // Of the console's page.
    expect(text).toMatch(/\npreact \d/);
  });

  it('have no TypeScript, and a source map for each program', () => {
    const files = [folder, join(folder, 'shared')].flatMap((each) => readdirSync(each));
    expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
    for (const name of Object.keys(bundled)) expect(files).toContain(`${name}.js.map`);
  });

  it('are text that takes a byte a character in memory', () => {
    const beyondLatin1 = files.filter(({ name }) =>
      /[^\0-\xff]/.test(readFileSync(join(folder, name), 'utf8')),
    );
    expect(beyondLatin1.map(({ name }) => name)).toEqual([]);
  });

  describe('run as a cell under mutual TLS', () => {
    let authority: Authority;
    let running: Programs;
    const addresses = new Map<string, string>();

    let traces: OtlpReceiver;
    async function start(name: Program, id: string, ...flags: string[]) {
      const tls = as(id);
      const argv = [program(name), ...tls, '--log-level=warn', ...flags];
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' };
      const started = await running.start([process.execPath, ...argv], { cwd: folder, env });
      addresses.set(id, started.address);
      return started;
    }

    let metrics: string | undefined;
    beforeAll(async () => {
      authority = createAuthority();
      running = programs();
      traces = await startOtlpReceiver();
      const learner = join(folder, 'mine/learner.ts');
      mkdirSync(join(folder, 'mine'));
      writeFileSync(
        learner,
        `import { createLearner, type Learner } from '@weir/learning';
import { z } from 'zod';
export default ({ random }): Learner => (z.object({}).parse({}), createLearner('edge-only', { random }));
`,
      );
      const [telemetry, policy, edge] = await Promise.all([
        start('telemetry', 'telemetry'),
        start('policy-service', 'policy', `--data=${folder}/state`, `--learner=${learner}`),
        start('inference-worker', 'edge-1', '--node-id=edge-1', `--variants=${variant}`),
      ]);
      const agent = await start(
        'device-agent',
        'device-1',
        `--policy=${policy.address}`,
        `--telemetry=${telemetry.address}`,
        `--targets=edge-1=edge@${edge.address}`,
        '--local-variants=none',
        '--metrics=127.0.0.1:0',
      );
      metrics = agent.metrics;
      await start('console', 'console', `--policy=${policy.address}`, `--telemetry=${telemetry.address}`);
    });
    afterAll(async () => {
      await running?.[Symbol.asyncDispose]();
      await traces?.[Symbol.asyncDispose]();
      authority?.[Symbol.dispose]();
    });

    const identities: Readonly<Record<string, string>> = {
      'device-1': 'cell/cell-1/device/device-1',
      'edge-1': 'cell/cell-1/node/edge-1',
      operator: 'operator/ada',
    };
    const as = (name: string) => {
      const { cert, key } = authority.issue(name, [
        `spiffe://weir/weir/${identities[name] ?? `service/${name}`}`,
      ]);
      return [`--tls-cert=${cert}`, `--tls-key=${key}`, `--tls-ca=${authority.ca}`];
    };

    it('answers a frame at the edge, by the plan of a learner from a file, counts and traces it', async () => {
      await using device = connectAgent(addresses.get('device-1')!);
      await vi.waitFor(async () => expect((await device.status()).directiveVersion).toBeGreaterThan(0n), {
        timeout: 30_000,
        interval: 50,
      });
      const { placement } = await device.infer({ image });
      expect(placement).toEqual({ tier: common.Tier.EDGE, nodeId: 'edge-1', variant });
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      expect(text).toMatch(/^weir_frames_total\{.*\} 1$/m);
      await traces.until((spans) =>
        ['device-agent', 'inference-worker'].every((service) =>
          spans.some(({ resource }) => resource['service.name'] === service),
        ),
      );
    });

    it('tells an operator how it does', async () => {
      const { code, stdout, stderr } = await run(
        'weir',
        ...['status', '--json', `--policy=${addresses.get('policy')}`, ...as('operator')],
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(JSON.parse(stdout)).toMatchObject({
        learner: 'learner.ts',
        devices: [{ id: 'device-1' }],
      });
    });

    it.each(['device-1', 'edge-1', 'policy', 'telemetry'])('%s is healthy', async (id) => {
      const { code, stdout } = await run(
        'health',
        ...(id === 'device-1' ? ['--agent'] : []),
        ...['--json', `--listen=${addresses.get(id)}`, ...as(id)],
      );
      expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, status: 'SERVING' });
    });

    it('shows its console', async () => {
      const address = addresses.get('console');
      expect(await run('health', '--page', `--listen=${address}`)).toMatchObject({ code: 0 });
      const script = await fetch(`http://${address}/app.ts`);
      expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
      expect(await script.text()).not.toMatch(/^import type/m);
    });

    it('is not healthy where nobody serves', async () => {
      expect(await run('health', '--listen=127.0.0.1:1')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('UNAVAILABLE') as string,
      });
    });
  });
});
