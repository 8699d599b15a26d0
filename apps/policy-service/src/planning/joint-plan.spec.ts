import { FailedPrecondition, FakeClock, finish, type Logger, silentLogger } from '@weir/base';
import type { Placement } from '@weir/domain';
import type { Plan } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import { JointPlan, type PlanMade } from './joint-plan.ts';

const local = (deviceId: string): Placement => ({ tier: 'device', nodeId: deviceId, variant: 'small' });
const edge: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };

const planOf = (placements: Record<string, Placement>, predictedMs: Record<string, number> = {}): Plan => ({
  placements: new Map(Object.entries(placements)),
  thresholdMs: 10,
  explored: false,
  propensity: 1,
  actions: new Map(),
  accuracyPriceMs: 0,
  predictedMs: new Map(Object.entries(predictedMs)),
});

function jointPlan() {
  const clock = new FakeClock();
  const made: PlanMade[] = [];
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
  const reported: unknown[] = [];
  const errors = { report: (...report: unknown[]) => void reported.push(report) };
  const plan = new JointPlan({ cellId: 'c', clock, logger, errors, onPlanned: (each) => made.push(each) });
  const make = (propose: () => Plan) =>
    finish(
      plan.make(function* () {
        yield;
        return propose();
      }),
    );
  return { clock, plan, make, made, warnings, reported };
}

describe('JointPlan', () => {
  it('says where it sends each device, and what it expects there', () => {
    const { plan, make } = jointPlan();
    expect(plan.of('a')).toBeUndefined();
    make(() => planOf({ a: edge, b: local('b') }, { a: 40 }));
    expect(plan.of('a')).toEqual({ placement: edge, predictedMs: 40 });
    expect(plan.of('b')).toEqual({ placement: local('b'), predictedMs: 0 });
    expect(plan.of('c')).toBeUndefined();
    plan.withdraw();
    expect(plan.of('a')).toBeUndefined();
  });

  it('says how a device is to look again', () => {
    const { plan, make } = jointPlan();
    const secondLook = { placement: edge, marginBelow: 0.3, curves: 'v1' };
    make(() => ({
      ...planOf({ a: local('a'), b: local('b') }),
      secondLooks: new Map([['a', secondLook]]),
    }));
    expect(plan.of('a')).toEqual({ placement: local('a'), secondLook, predictedMs: 0 });
    expect(plan.of('b')).toEqual({ placement: local('b'), predictedMs: 0 });
  });

  it('tells how long its making took, and how many devices it moves', () => {
    const { clock, make, made } = jointPlan();
    make(() => planOf({ a: edge, b: edge }));
    make(() => {
      clock.advance(3);
      return planOf({ a: local('a'), b: edge, c: edge });
    });
    expect(made).toEqual([
      { cellId: 'c', planningMs: 0, changes: 0 },
      { cellId: 'c', planningMs: 3, changes: 1 },
    ]);
  });

  it('stays in force when no other can be made, and names the fault once', () => {
    const { plan, make, made, warnings, reported } = jointPlan();
    make(() => planOf({ a: edge }));
    for (let attempt = 0; attempt < 3; attempt++) {
      const broken = make(() => {
        throw new FailedPrecondition('broken');
      });
      expect(broken).toBeUndefined();
    }
    expect(plan.of('a')).toMatchObject({ placement: edge });
    expect(plan.fault).toBe('broken');
    expect(made).toHaveLength(1);
    expect(warnings).toEqual(['no plan']);
    make(() => planOf({ a: edge }));
    expect(plan.fault).toBe('');
    expect(reported).toEqual([]);
  });

  it('keeps where it sends each device, not what actions cost', () => {
    const { plan, make } = jointPlan();
    const made = make(() => planOf({ a: edge }));
    expect(made).toHaveProperty('actions');
    expect(plan.current).not.toHaveProperty('actions');
    expect(plan.current?.placements).toBe(made?.placements);
  });

  it('is given up with what makes it', () => {
    const { plan } = jointPlan();
    const ends: string[] = [];
    const making = plan.make(function* () {
      try {
        yield;
      } finally {
        ends.push('given up');
      }
      return planOf({ a: edge });
    });
    making.next();
    making.return(undefined);
    expect(ends).toEqual(['given up']);
    expect([plan.current, plan.fault]).toEqual([undefined, '']);
  });

  it('reports what no learner should throw, instead of taking it for a cell without a plan', () => {
    const { plan, make, warnings, reported } = jointPlan();
    const fault = new TypeError('x is undefined');
    const planned = make(() => {
      throw fault;
    });
    expect(planned).toBeUndefined();
    expect(reported).toEqual([['plan', fault]]);
    expect(warnings).toEqual([]);
    expect(plan.fault).not.toContain('undefined');
  });
});
