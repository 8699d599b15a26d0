import { ConfigError, PermissionDenied } from '@weir/base';
import { connectAgent } from '@weir/cell';
import { commands, route } from '@weir/cli';
import { policy } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authority, createAuthority } from '../libs/rpc/src/certificates.fixture.ts';
import { readDocument, root } from './support/document.ts';
import { type Programs, programs, type Started } from './support/programs.ts';
import { weir } from './support/weir.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const cellId = 'hall';

/** What an operator does from elsewhere, over mutual TLS, while devices work. Commands run in order, each on what came before. */
describe('an operator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-operators-'));
  const file = (name: string) => join(folder, name);
  let authority: Authority;
  let started: Programs;
  let service: Started;
  let device: Started | undefined;

  const flags = (path: string, { named = '' } = {}) => {
    const { cert, key } = authority.issue(path.replaceAll('/', '-'), [`spiffe://weir/weir/${path}`]);
    return [`--${named}tls-cert=${cert}`, `--${named}tls-key=${key}`, `--${named}tls-ca=${authority.ca}`];
  };
  const startPolicy = (data: string, listen = '127.0.0.1:0') =>
    started.service(
      'policy-service',
      `--data=${file(data)}`,
      `--listen=${listen}`,
      '--snapshot-ms=100',
      '--snapshot-version-ms=100',
      ...flags('service/policy'),
    );

  /** A command in this process; its JSON, and what it says to people. */
  async function as(path: string, ...line: string[]) {
    const { entry, argv } = route(line, commands);
    const { default: command } = await entry.load();
    const said: string[] = [];
    const run = (...more: string[]) =>
      command(
        { argv: [...argv, ...more], env: {} },
        {
          signal: new AbortController().signal,
          stdout: (text) => said.push(text),
          stderr: (text) => said.push(text),
        },
      );
    const reached = [`--policy=${service.address}`, ...flags(path)];
    await run('--json', ...(line[0] === 'restore' ? [] : reached));
    return JSON.parse(said.join('')) as Record<string, unknown>;
  }
  const operator = (...line: string[]) => as('operator/ada', ...line);
  const inHall = `--cell-id=${cellId}`;
  const outcomes = async () => (await operator('status', inHall)).outcomes as number;

  /** Frames until the policy has acknowledged all that came of them. */
  async function answer(frames: number): Promise<void> {
    await using agent = connectAgent(device!.address);
    await vi.waitFor(async () => expect((await agent.status()).directiveVersion).toBeGreaterThan(0n), {
      timeout: 30_000,
      interval: 50,
    });
    for (let frame = 0; frame < frames; frame++) await agent.infer({ image });
    await vi.waitFor(
      async () => expect(await agent.status()).toMatchObject({ policyConnected: true, outcomesPending: 0 }),
      { timeout: 30_000, interval: 50 },
    );
  }

  beforeAll(async () => {
    authority = createAuthority();
    started = programs();
    const edge = ['--node-id=edge-1', '--tier=edge', '--variants=mobilenet-v1-0.25-int8'];
    let worker: Started;
    [service, worker] = await Promise.all([
      startPolicy('first'),
      started.service('inference-worker', `--cell-id=${cellId}`, ...edge, ...flags('cell/hall/node/edge-1')),
    ]);
    device = await started.service(
      'device-agent',
      '--device-id=camera-7',
      `--cell-id=${cellId}`,
      `--policy=${service.address}`,
      `--targets=edge-1=edge@${worker.address}`,
      '--local-variants=mobilenet-v1-0.25-fp32',
      ...flags('cell/hall/device/camera-7'),
    );
    await answer(20);
  }, 120_000);

  afterAll(async () => {
    device?.child.kill('SIGCONT');
    await started?.[Symbol.asyncDispose]();
    authority?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists the cells', async () => {
    const { cells } = await operator('cell', 'list');
    expect(cells).toMatchObject([
      { cellId, open: true, devices: 1, connected: 1, learner: 'planner', joinedAgeMs: 0 },
    ]);
  });

  it('asks a device why, through its policy', async () => {
    const { decisions } = await operator('trace', 'camera-7', inHall, '--last=3');
    expect(decisions).toHaveLength(3);
    const places = [
      { tier: 'edge', node: 'edge-1', variant: 'mobilenet-v1-0.25-int8' },
      { tier: 'device', node: 'camera-7', variant: 'mobilenet-v1-0.25-fp32' },
    ];
    for (const decision of decisions as Record<string, unknown>[]) {
      expect(decision).toMatchObject({ failure: null, learner: 'planner', looks: [{ failure: null }] });
      expect(places).toContainEqual(decision.placement);
      const actions = decision.actions as object[];
      for (const place of places) expect(actions).toContainEqual(expect.objectContaining(place));
      expect(decision.responseMs).toBeGreaterThan(0);
    }
    await expect(operator('trace', 'camera-8', inHall)).rejects.toThrow(/camera-8 is not connected/);
  });

  it('is nobody who holds a certificate of a device, of the console or of another cell', async () => {
    const tries = [
      ['cell', 'list', `--cell=${cellId}`],
      ['backup', file('stolen')],
      ['trace', 'camera-7', inHall],
      ['snapshot', 'list', inHall],
      ['snapshot', 'rollback', inHall],
    ];
    for (const path of ['cell/hall/device/camera-7', 'service/console', 'cell/yard/operator/eve'])
      for (const line of tries) await expect(as(path, ...line)).rejects.toThrow(PermissionDenied);
    // One of this cell alone has no right to all of them.
    await expect(as('cell/hall/operator/bob', 'backup', file('stolen'))).rejects.toThrow(/all cells/);
    expect((await as('cell/hall/operator/bob', 'cell', 'list', `--cell=${cellId}`)).cells).toHaveLength(1);
  });

  it('puts the learner back to a version, while all runs, and that back again', async () => {
    const kept = async () =>
      (await operator('snapshot', 'list', inHall)).versions as Record<string, number>[];
    await expect.poll(async () => (await kept())[0]?.outcomes, { timeout: 30_000 }).toBe(await outcomes());
    const [version] = await kept();
    await answer(10);
    const before = await outcomes();
    expect(before).toBeGreaterThan(version!.outcomes!);
    const rolledBack = await operator('snapshot', 'rollback', String(version!.version), inHall);
    expect(rolledBack.restored).toMatchObject({ version: version!.version, outcomes: version!.outcomes });
    expect(await outcomes()).toBe(version!.outcomes);
    await operator('snapshot', 'rollback', String(rolledBack.keptVersion), inHall);
    expect(await outcomes()).toBe(before);
    const exported = await operator(
      'snapshot',
      'export',
      file('v.json'),
      inHall,
      `--version=${version!.version}`,
    );
    expect(exported).toMatchObject({ learner: 'planner', version: version!.version });
    await operator('snapshot', 'import', file('v.json'), '--cell-id=twin');
    expect((await operator('status', '--cell-id=twin')).outcomes).toBe(version!.outcomes);
  });

  it('backs all up, and after a kill has it back elsewhere: nothing lost, the same plan', async () => {
    await operator('objective', 'set', inHall, '--floor=0.79', '--deadline-ms=2500');
    await answer(10);
    const backup = file('all.backup');
    const known = await operator('status', inHall);
    const { cells: copied } = await operator('backup', backup);
    expect(statSync(backup).mode & 0o077).toBe(0);
    expect(copied).toMatchObject([{ cellId }, { cellId: 'twin' }]);
    expect((copied as { outcomes: number }[])[0]!.outcomes).toBeGreaterThanOrEqual(40);
    await expect(operator('backup', backup)).rejects.toThrow(ConfigError);

    // The device is away, so that both policies are asked the same.
    device!.child.kill('SIGSTOP');
    const exited = once(service.child, 'exit');
    service.child.kill('SIGKILL');
    await exited;
    await expect(operator('restore', backup, `--data=${file('first')}`)).rejects.toThrow(
      /hall, twin already/,
    );
    const { cells } = await operator('restore', backup, `--data=${file('second')}`);
    expect(cells).toEqual((copied as object[]).map((cell) => ({ ...cell, replaced: false })));
    const { address } = service;
    const [former, restored] = await Promise.all([startPolicy('first'), startPolicy('second', address)]);
    const planOf = async (at: Started) => {
      const [cert, key] = flags('operator/ada').map((flag) => flag.split('=')[1]!);
      await using connection = connect(at.address, { tls: { cert, key, ca: authority.ca } });
      const client = connection.client(policy.PolicyServiceClient);
      return await callUnary(client, client.decide, { cellId, deviceId: 'camera-7' });
    };
    expect(await planOf(restored)).toEqual(await planOf(former));
    former.child.kill('SIGTERM');
    service = restored;
    const again = await operator('status', inHall);
    for (const key of ['outcomes', 'objective', 'learner', 'driftAlarms'])
      expect([key, again[key]]).toEqual([key, known[key]]);
    device!.child.kill('SIGCONT');
    await answer(1);
    expect(await outcomes()).toBeGreaterThan(known.outcomes as number);
  }, 120_000);

  it('does what docs/operations.md shows', async () => {
    const { blocks } = await readDocument('docs/operations.md');
    const shown = blocks
      .filter(({ language }) => language === 'text')
      .flatMap(({ text }) => text.split('\n'))
      .flatMap((line) => /^(?:\$ )?(weir .*)/.exec(line)?.[1] ?? []);
    expect(shown.map((line) => line.split(' ')[1])).toEqual([
      'snapshot',
      'snapshot',
      'trace',
      'backup',
      'restore',
    ]);
    const { versions } = await operator('snapshot', 'list', inHall);
    const [{ version }] = versions as [{ version: number }];
    const here = (line: string) =>
      line
        .replace('policy:7100', service.address)
        .replace('shop-7', cellId)
        .replace('rollback 12', `rollback ${version}`)
        .replace(/weir-\d{4}-\d\d-\d\d/, 'weir-$(date +%F)')
        .replace('/var/lib/weir', file('shown'));
    const tls = flags('operator/ada').map((flag) => flag.slice(2).split('=') as [string, string]);
    const env = {
      ...process.env,
      PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      WEIR_CELL_ID: cellId,
      ...Object.fromEntries(
        tls.map(([name, value]) => [`WEIR_${name.replaceAll('-', '_').toUpperCase()}`, value]),
      ),
    };
    for (const line of shown) await promisify(execFile)('sh', ['-ec', here(line)], { cwd: folder, env });
  }, 120_000);

  it('deletes a cell when sure, and its device opens a new one', async () => {
    const asked = weir('cell', 'delete', cellId, `--policy=${service.address}`, ...flags('operator/ada'));
    const { code, stderr } = await asked.ended;
    expect([code, stderr]).toEqual([64, expect.stringMatching(/--yes.*delete hall for good: devices 1 /)]);
    expect(await operator('cell', 'delete', cellId, '--yes')).toEqual({
      cellId,
      cellIds: [cellId],
      sessionsEnded: 1,
    });
    await expect
      .poll(() => operator('cell', 'list'), { timeout: 30_000 })
      .toMatchObject({ cells: [{ cellId, connected: 1, outcomes: 0, versions: 0 }, { cellId: 'twin' }] });
    expect((await operator('objective', 'get', inHall)).objective).toMatchObject({ accuracyFloor: 0 });
    await answer(1);
  });
});
