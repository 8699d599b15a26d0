import { ConfigError, silentLogger } from '@weir/base';
import { connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import devices from '../commands/devices.ts';
import learnerSet from '../commands/learner-set.ts';
import nodes from '../commands/nodes.ts';
import objectiveGet from '../commands/objective-get.ts';
import objectiveSet from '../commands/objective-set.ts';
import snapshotExport from '../commands/snapshot-export.ts';
import snapshotImport from '../commands/snapshot-import.ts';
import status from '../commands/status.ts';

const variants = ['mobilenet-v1-0.25-int8', 'mobilenet-v1-0.50-int8'];
const image = new URL('../../../../libs/inference/models/samples/scene-0000.png', import.meta.url);

describe('the commands of an operator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-operate-'));
  let cell: RunningCell;
  let policy: string;
  let telemetry: string;

  beforeAll(async () => {
    const description = describeCell({
      nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 0, variants }],
      devices: [{ id: 'device-1', dilationFactor: 0, variants: variants.slice(0, 1) }],
    });
    cell = await startCell(description, { logger: silentLogger });
    policy = `--policy=${cell.policyAddress}`;
    telemetry = `--telemetry=${cell.telemetryAddress}`;
    await using device = connectAgent(cell.devices[0]!.address);
    await device.infer({ image: readFileSync(image) });
  }, 60_000);
  afterAll(async () => {
    await cell[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The one JSON document of a command. */
  const documentOf = async (command: Parameters<typeof runOf>[0], ...argv: string[]) => {
    const { lines } = await runOf(command)(...argv, '--json');
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0]!) as Record<string, unknown>;
  };

  it('tell how the cell does, its devices and its nodes', async () => {
    await expect
      .poll(() => documentOf(status, policy, telemetry), { timeout: 20_000, interval: 200 })
      .toMatchObject({
        cellId: 'cell-1',
        learner: 'planner',
        connected: 1,
        devices: [{ id: 'device-1', connected: true, planned: { variant: expect.any(String) as string } }],
        nodes: expect.arrayContaining([
          expect.objectContaining({ id: 'edge-1', tier: 'edge', liveness: 'live' }),
        ]) as unknown[],
      });
    expect(await documentOf(devices, policy)).toMatchObject({ devices: [{ id: 'device-1' }] });
    expect(await documentOf(nodes, telemetry)).toMatchObject({ cellId: 'cell-1' });
    const { lines } = await runOf(status)(policy, telemetry);
    expect(lines.join('\n')).toMatch(/1 of 1 devices connected[\s\S]*device-1[\s\S]*edge-1/);
  });

  it('change what is named of the objective, and keep the rest', async () => {
    const before = await documentOf(objectiveGet, policy);
    const after = await documentOf(objectiveSet, policy, '--floor=0.8', '--tiers=device,edge');
    const changed = { accuracyFloor: 0.8, allowedTiers: ['device', 'edge'] };
    expect(after).toEqual({ ...before, objective: { ...(before.objective as object), ...changed } });
    expect(await documentOf(objectiveGet, policy)).toEqual(after);
  });

  it.each([
    ['a floor that the cell cannot keep', ['--floor=0.99'], /objective: .*0\.8/],
    ['no change', [], /name at least one change/],
    ['a floor that is none', ['--floor=2'], /--floor: .*0..1/],
    ['a tier that is none', ['--tiers=fog'], /expected device, edge or cloud/],
  ])('refuse %s as bad usage', async (_what, argv, message) => {
    const refused = runOf(objectiveSet)(policy, ...argv);
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow(message);
  });

  it('change the learner, and name those that there are', async () => {
    expect(await documentOf(learnerSet, 'edge-only', policy)).toMatchObject({ learner: 'edge-only' });
    expect(await documentOf(status, policy)).toMatchObject({ learner: 'edge-only' });
    await expect(runOf(learnerSet)('oracle-of-delphi', policy)).rejects.toThrow(/expected one of .*planner/);
    await documentOf(learnerSet, 'planner', policy);
  });

  it('carry what was learned to another cell', async () => {
    const file = join(folder, 'learned.json');
    expect(await documentOf(snapshotExport, file, policy)).toMatchObject({ learner: 'planner', file });
    expect(await documentOf(snapshotImport, file, policy, '--cell-id=cell-2')).toMatchObject({
      cellId: 'cell-2',
      learner: 'planner',
    });
    expect(await documentOf(status, policy, '--cell-id=cell-2')).toMatchObject({ learner: 'planner' });
    const again = runOf(snapshotExport)(file, policy);
    await expect(again).rejects.toBeInstanceOf(ConfigError);
    await expect(again).rejects.toThrow(/is there already/);
    await documentOf(snapshotExport, file, policy, '--force');
  });

  it.each([
    ['is no JSON', 'nonsense', /JSON/],
    ['is another', '{"a":1}', /is no file of weir snapshot export/],
    ['holds no snapshot', '{"learner":"planner","snapshot":{"learner":"planner"}}', /snapshot/],
  ])('refuse a file that %s', async (_what, content, message) => {
    const file = join(folder, 'faulty.json');
    writeFileSync(file, content);
    const refused = runOf(snapshotImport)(file, policy);
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow(message);
  });

  it('name the cell that is unknown, and the service that does not answer', async () => {
    await expect(runOf(status)(policy, '--cell-id=nowhere')).rejects.toThrow(/nowhere/);
    await expect(runOf(status)('--policy=127.0.0.1:1')).rejects.toThrow(/127\.0\.0\.1:1|ECONNREFUSED/);
  });
});
