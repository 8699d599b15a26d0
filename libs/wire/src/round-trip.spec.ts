import { Violations } from '@weir/base';
import type {
  AccuracyCorrection,
  Directive,
  FamilyIdentity,
  HopTimes,
  LookCurves,
  Objective,
  Placement,
  PlannedLook,
  Reason,
  TargetReport,
  Tier,
} from '@weir/domain';
import { common, policy, worker } from '@weir/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stateFromWire, stateToWire } from './agent-state.ts';
import { deviceHello, deviceState, nodeReport, outcome, variants } from './device.fixture.ts';
import { directiveFromWire, directiveToWire } from './directive.ts';
import { helloFromWire, helloToWire } from './hello.ts';
import { hopsFromWire, hopsToWire } from './hops.ts';
import { nodeFromWire, nodeToWire } from './node-load.ts';
import { objectiveFromWire, objectiveToWire } from './objective.ts';
import { outcomesFromWire, outcomeToWire } from './outcome.ts';
import { placementFromWire, placementToWire } from './placement.ts';
import { listingFromWire, servedVariantToWire } from './variant.ts';

const tier = fc.constantFrom<Tier>('device', 'edge', 'cloud');
const id = fc.string({ minLength: 1, maxLength: 64 });
const ms = fc.double({ min: 0, max: 1e6, noNaN: true });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const aboveZero = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
const family: fc.Arbitrary<FamilyIdentity> = fc.record({ name: id, version: id });
const placement: fc.Arbitrary<Placement> = fc.record({ tier, nodeId: id, variant: id });
const objective: fc.Arbitrary<Objective> = fc.record({
  accuracyFloor: fraction,
  deadlineMs: aboveZero,
  meanWeight: aboveZero,
  tailWeight: ms,
  energyMsPerJ: ms,
  allowedTiers: fc.uniqueArray(tier, { minLength: 1 }),
  maxLooks: fc.constantFrom(1, 2),
  auditShare: fraction,
});
const rising = (length: number, { min = 1e-6, max = 1 } = {}) =>
  fc
    .uniqueArray(fc.double({ min, max, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => values.sort((a, b) => a - b));
const looks: fc.Arbitrary<LookCurves> = fc.record({
  version: id,
  pictures: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  curves: fc.uniqueArray(
    fc.integer({ min: 1, max: 25 }).chain((length) =>
      fc
        .tuple(id, rising(length), rising(length, { min: 0.5 }), rising(length, { max: 0.5 }))
        .map(([first, margins, shares, gains]) => ({
          first,
          second: `after ${first}`,
          steps: margins.map((marginBelow, at) => ({
            marginBelow,
            share: shares[at]!,
            gain: gains[at]!,
            standardError: 0.001,
            ...(at % 2 === 0 && { changed: shares[at]! / 2 }),
          })),
          ...(length % 2 === 0 && { changed: 0.5 }),
        })),
    ),
    { selector: ({ first }) => first, maxLength: 3 },
  ),
});
const secondLook: fc.Arbitrary<PlannedLook> = fc.record({ placement, marginBelow: aboveZero, curves: id });
const factor = (min: number) => fc.double({ min, max: 1_000, noNaN: true });
const correction: fc.Arbitrary<AccuracyCorrection> = fc.record({
  shortfall: fraction,
  firsts: fc.uniqueArray(fc.record({ variant: id, loss: factor(1), share: factor(0.001) }), {
    selector: ({ variant }) => variant,
    maxLength: 3,
  }),
});
const hops: fc.Arbitrary<HopTimes> = fc.record({
  agentMs: ms,
  uplinkMs: ms,
  queueMs: ms,
  decodeMs: ms,
  computeMs: ms,
  downlinkMs: ms,
});
const node = (nodeId: fc.Arbitrary<string>, tiers: fc.Arbitrary<Tier>) =>
  fc
    .record({
      nodeId,
      tier: tiers,
      slots: fc.integer({ min: 1, max: 64 }),
      queued: fc.nat(1_000),
      backlogMs: ms,
      meanBacklogMs: ms,
      congestionPerMs: ms,
      utilization: fraction,
      services: fc.uniqueArray(fc.tuple(id, aboveZero, fc.option(aboveZero)), {
        selector: ([variant]) => variant,
        maxLength: 5,
      }),
      draining: fc.boolean(),
      instanceId: fc.option(id),
      familyVersion: fc.option(id),
    })
    .map(({ nodeId, tier, services, draining, instanceId, familyVersion, ...load }) => ({
      ...nodeReport(nodeId, tier, { ...load, inService: Math.min(1, load.slots) }),
      node: { id: nodeId, tier, slots: load.slots, variants: services.map(([variant]) => variant) },
      services: new Map(services.map(([variant, serviceMs]) => [variant, serviceMs])),
      ...(services.some(([, , energyJ]) => energyJ !== null) && {
        energyJ: new Map(
          services.flatMap(([variant, , energyJ]) => (energyJ === null ? [] : [[variant, energyJ] as const])),
        ),
      }),
      draining,
      ...(instanceId !== null && { instanceId }),
      ...(familyVersion !== null && { familyVersion }),
    }));
const targets = fc
  .uniqueArray(
    node(
      id.map((name) => `remote ${name}`),
      fc.constantFrom<Tier>('edge', 'cloud'),
    ),
    { selector: (report) => report.node.id, maxLength: 4 },
  )
  .chain((reports) =>
    fc.tuple(
      ...reports.map((report): fc.Arbitrary<TargetReport> =>
        fc.record({ report: fc.constant(report), roundTripMs: ms, reachable: fc.boolean() }),
      ),
    ),
  );
const reason = fc.constantFrom<Reason>('planned', 'explored', 'deviated', 'fallback', 'unsure', 'audit');

/** Over the wire, as bytes. */
function sent<T>(
  codec: { encode(message: T): { finish(): Uint8Array }; decode(bytes: Uint8Array): T },
  message: T,
): T {
  return codec.decode(codec.encode(message).finish());
}
function good<T>(convert: (violations: Violations) => T): T {
  const violations = new Violations();
  const result = convert(violations);
  expect(violations.found).toEqual([]);
  return result;
}

describe('conversion to the wire and back', () => {
  it('keeps a placement', () => {
    fc.assert(
      fc.property(placement, (value) => {
        const wire = sent(common.Placement, placementToWire(value));
        expect(good((violations) => placementFromWire(wire, 'p', violations))).toEqual(value);
      }),
    );
  });

  it('keeps an objective', () => {
    fc.assert(
      fc.property(objective, (value) => {
        const wire = sent(common.Objective, objectiveToWire(value));
        expect(good((violations) => objectiveFromWire(wire, 'o', violations))).toEqual(value);
      }),
    );
  });

  it('keeps hops', () => {
    fc.assert(
      fc.property(hops, (value) => {
        const wire = sent(common.HopTimings, hopsToWire(value));
        expect(good((violations) => hopsFromWire(wire, 'h', violations))).toEqual(value);
      }),
    );
  });

  it('keeps what a node reports', () => {
    fc.assert(
      fc.property(node(id, tier), (value) => {
        const wire = sent(common.NodeLoad, nodeToWire(value));
        expect(good((faults) => nodeFromWire(wire, 'n', { faults, told: faults }))).toEqual(value);
      }),
    );
  });

  it('keeps a hello and a state', () => {
    fc.assert(
      fc.property(targets, objective, looks, ms, family, (remote, own, curves, framesPerSecond, known) => {
        // The most looks ask for nothing, and audits are the device's own matter: neither is told.
        const asked = Object.fromEntries(
          Object.entries(own).filter(
            ([key, value]) => (key !== 'maxLooks' || value === 1) && key !== 'auditShare',
          ),
        );
        const [first, ...others] = variants;
        const identified = [{ ...first!, checksum: known.version }, ...others];
        const hello = deviceHello('d', {
          targets: remote,
          objective: asked,
          looks: curves,
          family: known,
          variants: identified,
        });
        for (const value of [
          { cellId: 'c', hello },
          { cellId: 'c', hello, takesRenewals: true },
        ])
          expect(helloFromWire(sent(policy.Hello, helloToWire(value)))).toEqual({ value, leftOut: [] });
        const balance = { ledgerId: 'l', balance: 1, cap: 2, debitedTotal: 3, creditedTotal: 4 };
        const truths = {
          labelled: 7,
          right: 0.5,
          promised: 0.75,
          withoutShortfall: 0.875,
          firstRight: 0.25,
          variation: 2,
        };
        const trials = [
          {
            canary: 'newer',
            ofCanary: { labelled: 2, right: 1 },
            ofControl: { labelled: 20, right: 20 },
          },
        ];
        const state = deviceState({
          targets: remote,
          framesPerSecond,
          balance,
          local: hello.local,
          truths,
          trials,
        });
        expect(stateFromWire(sent(policy.AgentState, stateToWire(state)), 'd')).toEqual({
          value: state,
          leftOut: [],
        });
      }),
    );
  });

  it('keeps an outcome', () => {
    const cost = fc.record({
      hops,
      reason,
      responseMs: ms,
      predictedMs: ms,
      energyJ: ms,
      accuracy: fraction,
    });
    const failure = fc.constantFrom({}, { failure: 'UNAVAILABLE' }, { failure: 'DEADLINE_EXCEEDED' });
    const batch = fc.constantFrom({}, { batchSize: 2 }, { batchSize: 1_024 });
    const first = { placement: { tier: 'device', nodeId: 'd', variant: 'v' }, margin: 0.25 } as const;
    const look = fc.constantFrom(
      {},
      { lookedAgain: true },
      { trial: 'newer' },
      { firstLook: { ...first, agreed: true } },
      { lookAgainBelow: 0.25 },
      { shadow: true },
      { firstLook: { ...first, agreed: true }, auditProbability: 0.01, shadow: true },
      { firstLook: { ...first, agreed: false }, failure: 'UNAVAILABLE', lookedAgain: true },
    );
    fc.assert(
      fc.property(
        fc.nat(),
        cost,
        fc.oneof(failure, look),
        batch,
        fraction,
        (planVersion, more, ended, batched, propensity) => {
          const value = outcome('d', { ...more, ...ended, ...batched, planVersion, propensity, at: 900 });
          const wire = sent(policy.OutcomeBatch, {
            outcomes: [outcomeToWire({ sequence: 7n, outcome: value, confidence: 0.8 }, 1_000)],
            oldestPendingSequence: 3n,
            state: undefined,
          });
          expect(outcomesFromWire(wire, 'd', 1_000)).toEqual({
            outcomes: [{ sequence: 7, outcome: value }],
            oldestPending: 3,
          });
        },
      ),
    );
  });

  it('keeps a directive', () => {
    const action = fc.record({
      placement,
      accuracy: fraction,
      serviceMs: ms,
      networkMs: ms,
      energyJ: ms,
    });
    const directive: fc.Arbitrary<Directive> = fc.record({
      instanceId: fc.string({ maxLength: 20 }),
      version: fc.nat(),
      leaseMs: aboveZero,
      learner: id,
      planned: placement,
      thresholdMs: fc.oneof(ms, fc.constant(Infinity)),
      explored: fc.boolean(),
      propensity: fraction,
      actions: fc.uniqueArray(action, { selector: ({ placement: at }) => JSON.stringify(at), maxLength: 3 }),
      accuracyPriceMs: ms,
      objective,
      ledger: fc.record({ ledgerId: id, creditTotal: ms, debitRequestedTotal: ms }),
      predictedMs: ms,
    });
    fc.assert(
      fc.property(directive, fc.option(secondLook), fc.option(correction), (one, look, differs) => {
        const optional = { ...(look && { secondLook: look }), ...(differs && { correction: differs }) };
        const value = { ...one, ...optional, ...(look && { cellTiers: one.objective.allowedTiers }) };
        const wire = sent(policy.Directive, directiveToWire(value));
        expect(directiveFromWire(wire)).toEqual({ value, leftOut: [] });
      }),
    );
  });

  it('keeps what a worker serves, and gives work to a variant whose manifest counts none', () => {
    const served = fc.record({
      name: id,
      architecture: id,
      precision: fc.constantFrom('fp32', 'int8'),
      macs: fc.option(aboveZero, { nil: undefined }),
      accuracy: fraction,
      accuracyMeasure: fc.constant('top-1'),
      task: fc.constant('classification' as const),
      inputs: fc.constant([{ name: 'x', dtype: 'float32' as const, shape: [-1, 3, 8, 8] }]),
      outputs: fc.constant([]),
      picture: fc.constant({ shape: [1, 3, 8, 8], layout: 'NCHW', dtype: 'float32' as const }),
    });
    fc.assert(
      fc.property(served, fc.option(id), fc.option(family), (entry, checksum, known) => {
        const canaryOf = known ? 'other' : undefined;
        const info = servedVariantToWire(entry, { checksum: checksum ?? undefined, canaryOf });
        const wire = sent(
          worker.ListVariantsResponse,
          worker.ListVariantsResponse.fromPartial({
            labels: ['shirt'],
            variants: [info],
            ...(known && { family: known, instanceId: 'run-1' }),
          }),
        );
        const { name, precision, macs = 1, accuracy } = entry;
        expect(listingFromWire(wire)).toEqual({
          value: {
            variants: [{ name, precision, macs, accuracy, ...(checksum !== null && { checksum }) }],
            labels: ['shirt'],
            ...(known && { family: known, instanceId: 'run-1', canaries: new Set([name]) }),
          },
          leftOut: [],
        });
      }),
    );
  });
});
