import { InvalidInput } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { common, policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { deviceHello, nodeReport, variants } from './device.fixture.ts';
import { helloFromWire, helloToWire } from './hello.ts';
import { limits } from './limits.ts';

const violated = (convert: () => unknown): string[] => {
  try {
    convert();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};
const long = 'x'.repeat(129);
const objective = {
  ...defaultObjective,
  accuracyFloor: 0.5,
  deadlineMs: 100,
  allowedTiers: ['device', 'edge'] as const,
};
const wireHello = () => helloToWire({ cellId: 'c', hello: deviceHello('d', { objective }) });
type Spoil = (hello: policy.Hello) => void;

describe('hello', () => {
  it('asks for what it names of an objective, and for all of it when it names nothing', () => {
    const hello = helloToWire({
      cellId: 'c',
      hello: deviceHello('d', { objective: { accuracyFloor: 0.9 } }),
    });
    expect(hello.objectiveFields).toEqual(['accuracy_floor']);
    expect(helloFromWire(hello).value.hello.objective).toEqual({ accuracyFloor: 0.9 });
    const whole = { ...defaultObjective, accuracyFloor: 0.9 };
    expect(helloFromWire({ ...hello, objectiveFields: [] }).value.hello.objective).toEqual(whole);
  });

  const refused: [string, Spoil, string][] = [
    ['no cell', (hello) => (hello.cellId = ''), 'hello.cell_id'],
    ['a long cell', (hello) => (hello.cellId = long), 'hello.cell_id'],
    ['no device', (hello) => (hello.deviceId = ''), 'hello.device_id'],
    ['no instance', (hello) => (hello.agentInstanceId = ''), 'hello.agent_instance_id'],
    ['a long instance', (hello) => (hello.agentInstanceId = long), 'hello.agent_instance_id'],
    ['a floor above 1', (hello) => (hello.objective!.accuracyFloor = 2), 'hello.objective.accuracy_floor'],
    ['no deadline', (hello) => (hello.objective!.deadlineMs = 0), 'hello.objective.deadline_ms'],
    [
      'a deadline in two days',
      (hello) => (hello.objective!.deadlineMs = 2 * limits.ms),
      'hello.objective.deadline_ms',
    ],
    ['nothing asked', (hello) => (hello.objective!.meanWeight = 0), 'hello.objective.mean_weight'],
    ['a negative tail', (hello) => (hello.objective!.tailWeight = -1), 'hello.objective.tail_weight'],
    [
      'a price that is none',
      (hello) => (hello.objective!.energyMsPerJ = NaN),
      'hello.objective.energy_ms_per_j',
    ],
    ['no tier allowed', (hello) => (hello.objective!.allowedTiers = []), 'hello.objective.allowed_tiers'],
    [
      'a tier that is none',
      (hello) => (hello.objective!.allowedTiers = [common.Tier.UNSPECIFIED]),
      'hello.objective.allowed_tiers[0]',
    ],
  ];
  it.each(refused)('with %s is refused', (_what, spoil, field) => {
    const hello = wireHello();
    expect(violated(() => helloFromWire(hello))).toEqual([]);
    spoil(hello);
    expect(violated(() => helloFromWire(hello))).toEqual([field]);
  });

  it('with many faults is told them all at once', () => {
    const hello = { ...wireHello(), cellId: '', agentInstanceId: '' };
    expect(violated(() => helloFromWire(hello))).toEqual(['hello.cell_id', 'hello.agent_instance_id']);
  });

  it('that asks for what no objective has is told so, and keeps the rest of what it asks', () => {
    const hello = { ...wireHello(), objectiveFields: ['accuracy_floor', 'speed'] };
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map(({ field }) => field)).toEqual(['hello.objective_fields[1]']);
    expect(Object.keys(value.hello.objective!)).toEqual(['accuracyFloor']);
  });

  const unusableLocal: [string, Spoil, string][] = [
    ['no processor', (hello) => (hello.local = undefined), 'hello.local'],
    ['the processor of another', (hello) => (hello.local!.nodeId = 'other'), 'hello.local.node_id'],
    ['a processor elsewhere', (hello) => (hello.local!.tier = common.Tier.EDGE), 'hello.local.tier'],
    ['no slots', (hello) => (hello.local!.slots = 0), 'hello.local.slots'],
  ];
  it.each(unusableLocal)('with %s joins as a device that runs nothing itself', (_what, spoil, field) => {
    const hello = wireHello();
    spoil(hello);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
    const good = helloFromWire(wireHello()).value;
    const runsNothing = { node: { id: 'd', tier: 'device', slots: 1, variants: [] }, services: new Map() };
    expect(value.hello.local).toMatchObject(runsNothing);
    expect(value).toEqual({ ...good, hello: { ...good.hello, local: value.hello.local } });
  });

  const figures: [string, Spoil, string, object][] = [
    [
      'more at work than slots',
      (hello) => (hello.local!.inService = 9),
      'hello.local.in_service',
      { inService: 1 },
    ],
    ['a queue without end', (hello) => (hello.local!.queued = 4e9), 'hello.local.queued', { queued: 0 }],
    ['a negative wait', (hello) => (hello.local!.backlogMs = -1), 'hello.local.backlog_ms', { backlogMs: 0 }],
    [
      'a wait of two days',
      (hello) => (hello.local!.backlogMs = 2 * limits.ms),
      'hello.local.backlog_ms',
      { backlogMs: 0 },
    ],
    [
      'an endless mean wait',
      (hello) => (hello.local!.meanBacklogMs = Infinity),
      'hello.local.mean_backlog_ms',
      { meanBacklogMs: 0 },
    ],
    [
      'congestion that is no number',
      (hello) => (hello.local!.congestionPerMs = NaN),
      'hello.local.congestion_per_ms',
      { congestionPerMs: 0 },
    ],
    [
      'more than all in use',
      (hello) => (hello.local!.utilization = 1.1),
      'hello.local.utilization',
      { utilization: 0 },
    ],
  ];
  it.each(figures)('with %s keeps its node without that figure', (_what, spoil, field, load) => {
    const hello = wireHello();
    Object.assign(hello.local!, {
      queued: 3,
      backlogMs: 5,
      meanBacklogMs: 6,
      congestionPerMs: 7,
      utilization: 1,
    });
    const good = helloFromWire(hello).value.hello.local;
    spoil(hello);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
    expect(value.hello.local).toEqual({ ...good, load: { ...good.load, ...load } });
  });

  const services: [string, (service: common.VariantService) => void, string][] = [
    ['takes no time', (service) => (service.serviceMs = 0), '.service_ms'],
    ['takes a time that is no number', (service) => (service.serviceMs = NaN), '.service_ms'],
    ['has no name', (service) => (service.variant = ''), '.variant'],
    ['has a name without end', (service) => (service.variant = long), '.variant'],
    ['gives energy', (service) => (service.energyJ = -1), '.energy_j'],
  ];
  it.each(services)('leaves out a service that %s, and only that', (_what, spoil, field) => {
    const hello = wireHello();
    spoil(hello.targets[0]!.load!.services[0]!);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual([`hello.targets[0].load.services[0]${field}`]);
    expect(value.hello.targets[0]!.report.services).toEqual(new Map([['large', 50]]));
    expect(value.hello.targets[0]!.report.node.variants).toEqual(['large']);
  });

  const entries: [string, (variant: policy.Variant) => void, string][] = [
    ['has no name', (variant) => (variant.name = ''), '[0].name'],
    ['has no work', (variant) => (variant.macs = 0), '[0].macs'],
    ['has a precision that is none', (variant) => (variant.precision = 'fp64'), '[0].precision'],
    ['has an accuracy in per cent', (variant) => (variant.accuracy = 90), '[0].accuracy'],
  ];
  it.each(entries)('leaves out a variant that %s, and only that', (_what, spoil, field) => {
    const hello = wireHello();
    spoil(hello.variants[0]!);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual([`hello.variants${field}`]);
    expect(value.hello.variants).toEqual([variants[1]]);
  });

  const endless: [string, Spoil, string][] = [
    ['name of a family', (hello) => (hello.family = { name: long, version: '1' }), 'hello.family.name'],
    ['version of a family', (hello) => (hello.family = { name: 'f', version: long }), 'hello.family.version'],
    ['checksum', (hello) => (hello.variants[0]!.checksum = long), 'hello.variants[0].checksum'],
    [
      'version of a node’s family',
      (hello) => (hello.local!.familyVersion = long),
      'hello.local.family_version',
    ],
  ];
  it.each(endless)('counts a %s without end as not said', (_what, spoil, field) => {
    const hello = wireHello();
    const good = helloFromWire(hello).value;
    spoil(hello);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
    expect(value).toEqual(good);
  });

  const targets: [string, (target: policy.Target) => void, string][] = [
    ['has no load', (target) => (target.load = undefined), '.load'],
    ['has no slots', (target) => (target.load!.slots = 0), '.load.slots'],
    ['is on the device', (target) => (target.load!.tier = common.Tier.DEVICE), '.load.tier'],
    ['is on no tier', (target) => (target.load!.tier = 7 as common.Tier), '.load.tier'],
    ['is the device', (target) => (target.load!.nodeId = 'd'), '.load.node_id'],
  ];
  it.each(targets)('leaves out a target that %s, and only that', (_what, spoil, field) => {
    const hello = wireHello();
    hello.targets.push(policy.Target.create(structuredClone(hello.targets[0]!)));
    hello.targets[1]!.load!.nodeId = 'edge-2';
    expect(helloFromWire(hello).value.hello.targets).toHaveLength(2);
    spoil(hello.targets[0]!);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toContain(`hello.targets[0]${field}`);
    expect(value.hello.targets.map(({ report }) => report.node.id)).toEqual(['edge-2']);
  });

  it('takes a round trip into the past for one that was not measured', () => {
    const hello = wireHello();
    hello.targets[0]!.roundTripMs = -1;
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map(({ field }) => field)).toEqual(['hello.targets[0].round_trip_ms']);
    expect(value.hello.targets).toMatchObject([{ roundTripMs: 0 }]);
  });

  const twice: [string, Spoil, string][] = [
    [
      'service',
      ({ local }) => local!.services.push({ ...local!.services[0]!, serviceMs: 1 }),
      'hello.local.services',
    ],
    ['variant', (hello) => hello.variants.push({ ...hello.variants[0]!, macs: 1 }), 'hello.variants'],
    ['target', (hello) => hello.targets.push({ ...hello.targets[0]!, roundTripMs: 1 }), 'hello.targets'],
  ];
  it.each(twice)('counts the first of two entries for one %s', (_what, spoil, field) => {
    const hello = wireHello();
    const good = helloFromWire(hello).value;
    spoil(hello);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
    expect(value).toEqual(good);
  });

  const tooMany: [string, Spoil, string, (hello: ReturnType<typeof helloFromWire>['value']) => number][] = [
    [
      'services',
      ({ local }) => (local!.services = numbered(257, local!.services[0]!, 'variant')),
      'hello.local.services',
      ({ hello }) => hello.local.services.size,
    ],
    [
      'variants',
      (hello) => (hello.variants = numbered(257, hello.variants[0]!, 'name')),
      'hello.variants',
      ({ hello }) => hello.variants.length,
    ],
    [
      'targets',
      (hello) =>
        (hello.targets = numbered(257, hello.targets[0]!.load!, 'nodeId').map((load) => ({
          ...hello.targets[0]!,
          load: { ...load, services: [] },
        }))),
      'hello.targets',
      ({ hello }) => hello.targets.length,
    ],
  ];
  it.each(tooMany)('of too many %s takes as many as there may be', (_what, spoil, field, count) => {
    const hello = wireHello();
    spoil(hello);
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut).toEqual([{ field, description: 'expected at most 256, got 257' }]);
    expect(count(value)).toBe(256);
  });

  it('without usable curves joins as a device that knows of no second looks', () => {
    const step = { marginBelow: 0.2, share: 0.1, gain: 0.02, standardError: 0.001 };
    const looks = {
      version: 'v1',
      pictures: 100,
      curves: [{ first: 'small', second: 'large', steps: [step] }],
    };
    const hello = helloToWire({ cellId: 'c', hello: deviceHello('d', { looks }) });
    expect(helloFromWire(hello).value.hello.looks).toEqual(looks);
    hello.looks!.version = '';
    const { value, leftOut } = helloFromWire(hello);
    expect(leftOut.map((fault) => fault.field)).toEqual(['hello.looks.version']);
    expect(value.hello).toEqual(deviceHello('d'));
  });

  it('of 250 targets with 256 variants each takes those that planning can bear', () => {
    const services = Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`v${index}`, 10]));
    const report = (index: number) => nodeReport(`edge-${index}`, 'edge', { services });
    const targets = Array.from({ length: 250 }, (_, index) => ({
      report: report(index),
      roundTripMs: 1,
      reachable: true,
    }));
    const { value, leftOut } = helloFromWire(
      helloToWire({ cellId: 'c', hello: deviceHello('d', { targets }) }),
    );
    expect(value.hello.targets).toEqual(targets.slice(0, limits.choices / 256));
    expect(leftOut[0]).toMatchObject({
      field: 'hello.targets',
      description: expect.stringContaining(`edge-${limits.choices / 256}`) as string,
    });
    expect(leftOut.length).toBeLessThanOrEqual(64);
  });
});

function numbered<T, Key extends keyof T>(count: number, of: T, key: Key): T[] {
  return Array.from({ length: count }, (_, index) => ({ ...of, [key]: `n${index}` }));
}
