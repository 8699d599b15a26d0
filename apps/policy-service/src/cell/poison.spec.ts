import { seededRandom } from '@weir/base';
import {
  defaultObjective,
  type DeviceHello,
  type DeviceState,
  type LookCurves,
  type Outcome,
  type Placement,
} from '@weir/domain';
import { createLearner } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge, nodeReport, outcome } from '../sessions/agent.fixture.ts';
import { agent, cell } from './orchestrator.fixture.ts';

const honest = ['camera-1', 'camera-2', 'camera-3', 'camera-4'];
/** A worker large enough that where one device runs makes little difference to the others. */
const truth = () => edge({ slots: 16, utilization: 0.1 });

/** Of margins that are as likely as any in 0..1. */
const looks: LookCurves = {
  version: 'curves-1',
  pictures: 20_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      changed: 0.3,
      steps: [{ marginBelow: 0.4, share: 0.4, gain: 0.15, standardError: 0.01, changed: 0.2 }],
    },
  ],
};

/** What a device may do beside the honest ones, in each second. */
interface Hostile {
  readonly hello?: Partial<DeviceHello>;
  readonly state?: (second: number, ledgerId: string) => Partial<DeviceState>;
  readonly outcomes?: (second: number) => readonly Partial<Outcome>[];
  /** Messages a second. @default 1 */
  readonly times?: number;
}

/**
 * Where the honest devices of a cell are planned once it has settled, and how long that takes by what they have measured,
 * with a hostile device beside them for half a minute.
 */
function settle(accuracyFloor: number, hostile?: Hostile) {
  const learner = createLearner('planner', { random: seededRandom(7) });
  const objective = { ...defaultObjective, accuracyFloor, deadlineMs: 500 };
  const { clock, orchestrator } = cell({ learner, objective, maxDevices: 10 });
  const sessions = new Map([...honest, 'liar'].map((id) => [id, agent()]));
  const chance = seededRandom(3);
  for (const id of honest)
    orchestrator.devices.join(deviceHello(id, { targets: [truth()], looks }), sessions.get(id)!.link);
  const places = new Map<string, string[]>(honest.map((id) => [id, []]));
  const served = (id: string) => {
    const planned = sessions.get(id)!.directives.at(-1)?.planned;
    if (!planned) return;
    const local = planned.tier === 'device';
    const serviceMs = { small: local ? 20 : 5, large: local ? 400 : 50 }[planned.variant]!;
    const computeMs = serviceMs * (0.95 + 0.1 * chance.uniform());
    const network = local ? 0 : 5;
    orchestrator.learn([
      outcome(id, {
        placement: planned,
        hops: { agentMs: 1, uplinkMs: network, queueMs: 0, decodeMs: 0, computeMs, downlinkMs: network },
        responseMs: computeMs + 2 * network + 1,
        accuracy: planned.variant === 'large' ? 0.9 : 0.7,
        margin: chance.uniform(),
      }),
    ]);
  };
  for (let second = 0; second < 60; second++) {
    if (hostile && second === 10)
      orchestrator.devices.join(
        deviceHello('liar', { targets: [truth()], looks, ...hostile.hello }),
        sessions.get('liar')!.link,
      );
    for (const id of honest) {
      orchestrator.devices.report(id, deviceState({ targets: [truth()] }));
      for (let frame = 0; frame < 5; frame++) served(id);
    }
    if (hostile && second >= 10 && second < 40)
      for (let time = 0; time < (hostile.times ?? 1); time++) {
        const { ledgerId } = sessions.get('liar')!.directives.at(-1)?.ledger ?? { ledgerId: '' };
        orchestrator.devices.report(
          'liar',
          deviceState({ targets: [truth()], ...hostile.state?.(second, ledgerId) }),
        );
        for (const told of hostile.outcomes?.(second) ?? []) orchestrator.learn([outcome('liar', told)]);
      }
    clock.advance(1_000);
    if (second >= 20)
      for (const id of honest) {
        const { planned, explored } = sessions.get(id)!.directives.at(-1)!;
        if (!explored) places.get(id)!.push(`${planned.nodeId} ${planned.variant}`);
      }
  }
  return [...places].map(([id, seen]) => ({ id, place: mostFrequent(seen), share: shareOf(seen) }));
}

const counted = (values: readonly string[]) =>
  [...Map.groupBy(values, (value) => value)].sort(([, a], [, b]) => b.length - a.length);
const mostFrequent = (values: readonly string[]) => counted(values)[0]?.[0];
const shareOf = (values: readonly string[]) => (counted(values)[0]?.[1].length ?? 0) / values.length;

const local = (services: Record<string, number>) => nodeReport('liar', 'device', { slots: 1, services });
const hops = (computeMs: number, uplinkMs = 5) => ({
  agentMs: 1,
  uplinkMs,
  queueMs: 0,
  decodeMs: 0,
  computeMs,
  downlinkMs: uplinkMs,
});
const variant = (accuracy: number) => [
  { name: 'small', macs: 41e6, precision: 'int8' as const, accuracy },
  { name: 'large', macs: 569e6, precision: 'fp32' as const, accuracy: 1 - accuracy },
];
const day = 86_400_000;

const small: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'small' };
const large: Placement = { ...small, variant: 'large' };
let told = 0;
/** No two are the same picture. */
const otherMargin = (least: number) => least + 0.1 * ((told++ * 0.618) % 1);
const unsure = (): Partial<Outcome> => ({ placement: small, margin: otherMargin(0.1) });
const changed = (least: number, auditProbability?: number): Partial<Outcome> => ({
  placement: large,
  firstLook: { placement: small, margin: otherMargin(least), agreed: false },
  ...(auditProbability !== undefined && { auditProbability, shadow: true, reason: 'audit' }),
});
const wrong = (labelled: number) => ({
  labelled,
  right: 0,
  promised: 0.9,
  withoutShortfall: 0.9,
  firstRight: 0,
  variation: 0,
});

const attacks: Record<string, Hostile> = {
  'says that a poor variant is right every time': { hello: { variants: variant(1) } },
  'says that every variant is wrong every time': { hello: { variants: variant(0) } },
  'says that the worker is overloaded': {
    state: () => ({
      targets: [edge({ slots: 16, backlogMs: day, queued: 1e6, utilization: 1, inService: 16 })],
    }),
  },
  'says that the worker has one slot': { state: () => ({ targets: [edge({ slots: 1, utilization: 1 })] }) },
  'says that the worker serves nothing': { state: () => ({ targets: [edge({ services: {} } as never)] }) },
  'says that the worker needs a day': {
    state: () => ({ targets: [edge({ slots: 16, services: { small: day, large: day } } as never)] }),
  },
  'says that the worker drains': {
    state: () => ({ targets: [{ ...truth(), report: { ...truth().report, draining: true } }] }),
  },
  'says that an inference takes a day': { outcomes: () => [{ hops: hops(day), responseMs: day }], times: 20 },
  'says that an inference takes nothing': {
    outcomes: () => [{ hops: hops(1e-6), responseMs: 1 }],
    times: 20,
  },
  'says that the way takes a day': { outcomes: () => [{ hops: hops(50, day), responseMs: day }], times: 20 },
  'says that every frame has failed': {
    outcomes: () => [{ failure: 'UNAVAILABLE' }, { failure: 'DEADLINE_EXCEEDED' }],
    times: 20,
  },
  'says that a million are there together': {
    outcomes: () => [{ concurrency: 1_000_000, batchSize: 1_024, hops: hops(5_000) }],
    times: 20,
  },
  'says that it takes more energy than there is': { outcomes: () => [{ energyJ: 1e9 }], times: 20 },
  'says that it sends a billion frames a second': {
    state: () => ({ framesPerSecond: 1e9, local: local({ small: day, large: day }) }),
  },
  'says that arrivals vary without bound': {
    state: () => ({ framesPerSecond: 50, arrivalVariability: 1e9 }),
  },
  'gives accuracy away that it does not have': {
    state: (second, ledgerId) => ({
      balance: { ledgerId, balance: 20, cap: 20, debitedTotal: second, creditedTotal: 0 },
    }),
  },
  'says that no answer was right': { state: (second) => ({ truths: wrong(1_000 * second) }), times: 2 },
  'says that it is unsure of every picture': { outcomes: () => [unsure()], times: 100 },
  'says that every second look changes the answer': {
    outcomes: () => [{ ...unsure(), lookAgainBelow: 0.4, lookedAgain: true }, changed(0.1)],
    times: 100,
  },
  'says that every audit changes the answer': {
    outcomes: () => [{ placement: small, margin: otherMargin(0.6) }, changed(0.6, 1e-4), changed(0.8, 0.5)],
    times: 100,
  },
  'names a thousand workers': {
    hello: {
      targets: Array.from({ length: 256 }, (_, at) => edge({ report: nodeReport(`x-${at}`, 'edge') })),
    },
  },
};

describe.each([
  [0.6, 'edge-1 small'],
  [0.9, 'edge-1 large'],
])('beside devices with a floor of %d', (floor, best) => {
  it('nobody is hostile, and all are at the best place', () => {
    for (const { place, share } of settle(floor)) {
      expect(place).toBe(best);
      expect(share).toBeGreaterThan(0.9);
    }
  });

  it.each(Object.entries(attacks))('a hostile one that %s moves no other', (_what, hostile) => {
    for (const { place, share } of settle(floor, hostile)) {
      expect(place).toBe(best);
      expect(share).toBeGreaterThan(0.8);
    }
  });
});
