import { ConfigError, seededRandom } from '@weir/base';
import { defaultObjective, nodeReport, type Objective, type Outcome, type Tier } from '@weir/domain';
import { createLearner } from '@weir/learning';
import { createWorld, paperFamily, runAsync } from '@weir/simulation';
import { openStore } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import replay from './replay.ts';

const run = runOf(replay);
const folder = mkdtempSync(join(tmpdir(), 'weir-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

const variants = ['1.00-fp32', '1.00-int8', '0.50-int8'].map((name) =>
  paperFamily.find((variant) => variant.name === `mobilenet-v1-${name}`)!,
);
const names = variants.map(({ name }) => name);
const objective: Objective = { ...defaultObjective, accuracyFloor: 0.87, maxLooks: 1 };

/** What one device did in a hundred seconds. */
function outcomes(durationMs: number): Outcome[] {
  const logged: Outcome[] = [];
  const world = createWorld(
    { profile: 'contended', devices: 1, accuracyFloor: 0.87, family: { variants } },
    seededRandom(1),
  );
  runAsync({
    world,
    planner: createLearner('planner', { random: seededRandom(2) }),
    arrivals: 'poisson',
    load: 0.5,
    durationMs,
    seed: 1,
    propensities: true,
    onOutcome: (outcome) => logged.push(outcome),
  });
  return logged;
}

const benchmarkMs: Readonly<Record<Tier, Readonly<Record<string, number>>>> = {
  device: { [names[0]!]: 490, [names[1]!]: 264, [names[2]!]: 78 },
  edge: { [names[0]!]: 240 },
  cloud: { [names[0]!]: 260 },
};
const reportOf = (nodeId: string, tier: Tier, served: readonly string[]) =>
  nodeReport(
    { nodeId, tier },
    {
      slots: 1,
      inService: 0,
      queued: 0,
      backlogMs: 0,
      meanBacklogMs: 0,
      congestionPerMs: 0,
      utilization: 0,
    },
    { figures: served.map((variant) => ({ variant, serviceMs: benchmarkMs[tier][variant]!, energyJ: 0 })) },
  );
const member = JSON.stringify(
  {
    deviceId: 'device-1',
    instanceId: 'i',
    variants,
    local: reportOf('device-1', 'device', names),
    targets: (['edge', 'cloud'] as const).map((tier) => ({
      report: reportOf(tier, tier, names.slice(0, 1)),
      roundTripMs: 60,
      reachable: true,
    })),
  },
  (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, number>) : value,
);

let folders = 0;
/** A data folder with these cells. */
async function dataWith(
  cells: Readonly<Record<string, { readonly outcomes: readonly Outcome[]; readonly objective?: Objective }>>,
): Promise<string> {
  const data = join(folder, String(folders++));
  await using store = await openStore({ path: join(data, 'policy.db') });
  for (const [cellId, { outcomes, objective }] of Object.entries(cells)) {
    const records = outcomes.map((outcome, at) => ({ sequence: at + 1, outcome: JSON.stringify(outcome) }));
    await store.append({ cellId, deviceId: 'device-1', instanceId: 'i', oldestPending: 0, records });
    await store.change(cellId, {
      ...(objective && { objective: JSON.stringify(objective) }),
      joined: [{ deviceId: 'device-1', state: member }],
    });
  }
  return data;
}

const long = outcomes(101_000);

describe('weir replay', () => {
  it('tells what another floor would have cost, for people and for programs', async () => {
    const data = await dataWith({ shop: { outcomes: long, objective } });
    const flags = [`--data=${data}`, '--floor=0.86', '--resamples=4'];
    const json = await run(...flags, '--json');
    expect(json.exit).toBe(0);
    const result = JSON.parse(json.lines[0]!) as {
      logged: { responseMs: number };
      asked: { responseMs: { mean: number; low: number; high: number } };
      reasons: string[];
    };
    expect(result).toMatchObject({
      reasons: [],
      config: { cell: 'shop', was: { accuracyFloor: 0.87 }, asked: { accuracyFloor: 0.86 } },
    });
    const { mean, low, high } = result.asked.responseMs;
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    expect(mean).toBeLessThan(result.logged.responseMs);
    expect(json.progress.join('')).toContain('100 %');

    const { lines } = await run(...flags);
    expect(lines.join('\n')).toMatch(/response, mean[^\n]*│ [\d.]+ ms[^\n]*│ [\d.]+ ms \([\d.]+ ms to /);
  }, 60_000);

  it('says so when the journal cannot tell', async () => {
    const data = await dataWith({ shop: { outcomes: long, objective } });
    const { lines } = await run(`--data=${data}`, '--learner=cloud-only', '--resamples=4');
    expect(lines.join('\n')).toMatch(/response, mean[^\n]*the journal cannot tell/);
    expect(lines.join('\n')).toMatch(/no figure: /);
  }, 60_000);

  it.each<[what: string, flags: readonly string[], field: string, fault: RegExp]>([
    ['no folder', ['--data=/nowhere'], '--data', /no folder \/nowhere/],
    ['a folder without a journal', [`--data=${folder}`], '--data', /holds no journal/],
    ['an unknown cell', ['--cell=bar'], '--cell', /no cell bar .*; there is shop/],
    ['a floor out of reach', ['--floor=0.95'], '--floor', /best that the cell can is 0\.8990/],
    ['weights that are none', ['--weights=mean=x'], '--weights', /got mean=x/],
    ['no weight at all', ['--weights=mean=0'], '--weights', /must not both be 0/],
    ['an unknown learner', ['--learner=oracle'], '--learner', /oracle/],
    ['no such family', ['--models=/nowhere'], '--models', /nowhere/],
  ])('refuses %s, naming the flag', async (_, flags, field, fault) => {
    const data = await dataWith({ shop: { outcomes: long.slice(0, 20), objective } });
    const error = await run(`--data=${data}`, ...flags).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const { violations } = error as ConfigError;
    expect(violations).toMatchObject([{ field }]);
    expect(violations[0]!.description).toMatch(fault);
  });

  it('refuses several cells, an objective that nobody knows, and too few outcomes', async () => {
    const few = { outcomes: long.slice(0, 20) };
    const two = await dataWith({ shop: few, bar: few });
    await expect(run(`--data=${two}`)).rejects.toThrow(/--cell: bar, shop/);
    const unset = await dataWith({ shop: few });
    await expect(run(`--data=${unset}`)).rejects.toThrow(/--was-floor: .*--accuracy-floor/);
    await expect(run(`--data=${unset}`, '--was-floor=0.8')).rejects.toThrow(/--data: too few outcomes/);
  });
});
