import { defaultObjective } from '@weir/domain';
import type { Learner } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge, looks, outcome } from '../sessions/agent.fixture.ts';
import { agent, cell, slowLearner } from './orchestrator.fixture.ts';
import { createFastestMean } from './learner.fixture.ts';

describe('CellOrchestrator', () => {
  it('plans and pushes as soon as a device joins', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(0);
    expect(a.directives).toHaveLength(1);
    expect(a.last()).toMatchObject({
      version: 1,
      leaseMs: 5_000,
      learner: 'fastest-mean',
      thresholdMs: 10,
      objective: defaultObjective,
      ledger: { ledgerId: 'ledger-1/1' },
    });
    expect(a.last().actions).toHaveLength(4);
  });

  it('tells the learner of a device before it learns its first outcomes', () => {
    const learner: Learner = createFastestMean();
    const told: string[][] = [];
    learner.observe = ({ cell }) => void told.push(cell.devices.map(({ id }) => id));
    const { orchestrator } = cell({ learner });
    orchestrator.devices.join(deviceHello('a'), agent().link);
    orchestrator.learn([outcome('a')]);
    expect(told).toEqual([['a']]);
  });

  it('learns at once while its turn of the event loop has time left, and the rest in later turns', () => {
    const { learner, turnstile } = slowLearner(3);
    const of = cell({ learner, turnstile: turnstile((...timer) => of.clock.after(...timer)) });
    const { clock, orchestrator } = of;
    orchestrator.devices.join(deviceHello('a'), agent().link);
    clock.advance(0);
    for (let batch = 0; batch < 4; batch++) orchestrator.learn([outcome('a')]);
    expect([orchestrator.holdsOutcomes, learner.status().outcomes]).toEqual([true, 2]);
    clock.advance(0);
    expect([orchestrator.holdsOutcomes, learner.status().outcomes]).toEqual([false, 4]);
  });

  it('learns what waits before it takes another objective: it was answered under the former one', () => {
    const { learner, turnstile } = slowLearner(10);
    const of = cell({ learner, turnstile: turnstile((...timer) => of.clock.after(...timer)) });
    const { clock, orchestrator } = of;
    orchestrator.devices.join(deviceHello('a'), agent().link);
    clock.advance(0);
    for (let batch = 0; batch < 4; batch++) orchestrator.learn([outcome('a')]);
    expect(orchestrator.holdsOutcomes).toBe(true);
    orchestrator.setObjective({ ...defaultObjective, accuracyFloor: 0.8 });
    expect([orchestrator.holdsOutcomes, learner.status().outcomes]).toEqual([false, 4]);
  });

  it('lets what a plan has confirmed be renewed, once a plan, and sends it again after four times', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(0);
    const renewal = () => orchestrator.devices.sessions.renewal('a', a.link);
    expect(renewal()).toBeUndefined();
    clock.advance(1_000);
    expect(renewal()).toBe(1);
    expect(renewal()).toBeUndefined();
    expect(orchestrator.devices.sessions.renewal('a', agent().link)).toBeUndefined();
    for (let second = 2; second < 10; second++) {
      clock.advance(1_000);
      expect(renewal()).toBe(1);
    }
    expect(a.directives).toHaveLength(1);
    clock.advance(1_000);
    expect(renewal()).toBeUndefined();
    expect(a.directives).toHaveLength(2);
  });

  it('asks for the pause between outcomes that holds, by a lease that acknowledgements renew in time', () => {
    let outcomePauseMs = 0;
    const { clock, orchestrator } = cell({ outcomePauseMs: () => outcomePauseMs });
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(0);
    expect(a.last()).toMatchObject({ leaseMs: 5_000 });
    expect(a.last()).not.toHaveProperty('outcomePauseMs');
    outcomePauseMs = 4_000;
    clock.advance(4_000);
    expect(a.last()).toMatchObject({ version: 2, leaseMs: 12_000, outcomePauseMs: 4_000 });
    for (let acknowledgement = 1; acknowledgement <= 5; acknowledgement++) {
      clock.advance(4_000);
      expect(orchestrator.devices.sessions.renewal('a', a.link)).toBe(2);
    }
    expect(a.directives).toHaveLength(2);
  });

  it('renews nothing that a plan says otherwise', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(1_000);
    orchestrator.learn([outcome('a', { responseMs: 5 })]);
    clock.advance(1_000);
    expect(a.last().version).toBe(2);
    expect(orchestrator.devices.sessions.renewal('a', a.link)).toBeUndefined();
  });

  it('says nothing while there is nothing new, and renews at half of the lease', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(2_400);
    expect(a.directives).toHaveLength(1);
    clock.advance(700);
    expect(a.directives.map(({ version }) => version)).toEqual([1, 2]);
  });

  describe('while a plan is made in steps', () => {
    /** Two devices have joined; `between` comes between two steps of their first plan. */
    const planning = (between: (of: ReturnType<typeof cell>) => void) => {
      const learner = createFastestMean();
      const of = cell({ learner });
      const { clock, orchestrator } = of;
      let plans = 0;
      learner.planInSteps = function* (observation) {
        learner.observe(observation);
        if (++plans === 1) clock.after(0, () => between(of));
        yield 'rest';
        return learner.propose();
      };
      const a = agent();
      orchestrator.devices.join(deviceHello('a'), a.link);
      orchestrator.devices.join(deviceHello('b'), agent().link);
      clock.advance(0);
      return { ...of, learner, a };
    };

    it('learns nothing, and then all that came, in its order', () => {
      const held: unknown[] = [];
      const learned: string[] = [];
      const { learner, orchestrator, a } = planning(({ orchestrator, learner }) => {
        const learn = learner.learn.bind(learner);
        learner.learn = (outcomes) => {
          learned.push(...outcomes.map(({ deviceId }) => deviceId));
          learn(outcomes);
        };
        orchestrator.learn([outcome('a')]);
        orchestrator.learn([outcome('b')]);
        held.push(orchestrator.holdsOutcomes, learner.status().outcomes);
      });
      expect(held).toEqual([true, 0]);
      expect([orchestrator.holdsOutcomes, learner.status().outcomes]).toEqual([false, 2]);
      expect(learned).toEqual(['a', 'b']);
      expect(a.directives).toHaveLength(1);
    });

    it('makes another one, and no sooner, for what changes meanwhile', () => {
      const { clock, learner, a } = planning(({ orchestrator, learner }) => {
        orchestrator.devices.report('a', deviceState({ targets: [edge({ reachable: false })] }));
        expect(learner.status().plans).toBe(0);
      });
      expect([learner.status().plans, a.last().version]).toEqual([1, 1]);
      clock.advance(100);
      expect([learner.status().plans, a.last().version]).toEqual([2, 2]);
    });

    it.each<[string, (orchestrator: ReturnType<typeof cell>['orchestrator']) => void]>([
      ['the objective', (of) => of.setObjective({ ...defaultObjective, accuracyFloor: 0.8 })],
      ['the learner', (of) => of.setLearner(createFastestMean('other'))],
      ['its cell to epochs', (of) => of.runEpochs()[Symbol.dispose]()],
    ])('gives it up for one that changes %s', (_, change) => {
      const { learner, orchestrator, clock, a } = planning(({ orchestrator }) => {
        orchestrator.learn([outcome('a')]);
        change(orchestrator);
      });
      expect([learner.status().plans, learner.status().outcomes, a.directives.length]).toEqual([0, 1, 0]);
      clock.advance(100);
      expect(a.last()).toMatchObject({ version: 1, learner: orchestrator.learner.name });
      expect(a.last().objective).toEqual(orchestrator.objective);
    });

    it('tells a large cell of it in parts, all of one version', () => {
      const { clock, orchestrator } = cell({ maxDevices: 120 });
      const agents = Array.from({ length: 120 }, agent);
      agents.forEach(({ link }, at) => orchestrator.devices.join(deviceHello(`d-${at}`), link));
      const told: number[] = [];
      const tell = () => {
        told.push(agents.filter(({ directives }) => directives.length > 0).length);
        if (told.length < 3) clock.after(0, tell);
      };
      clock.after(0, tell);
      clock.advance(0);
      expect(told).toEqual([50, 100, 120]);
      expect(new Set(agents.map(({ last }) => last().version))).toEqual(new Set([1]));
    });

    it('makes it at once for who asks where a frame should go', () => {
      const decided: unknown[] = [];
      const { a } = planning(({ orchestrator }) => decided.push(orchestrator.decide('a')));
      expect(decided).toMatchObject([{ placement: { nodeId: 'a' }, version: 1 }]);
      expect(a.directives).toHaveLength(1);
    });
  });

  it('tells of a plan those devices alone that it changes something for', () => {
    const { clock, orchestrator } = cell();
    const [a, b] = [agent(), agent()];
    orchestrator.devices.join(deviceHello('a'), a.link);
    orchestrator.devices.join(deviceHello('b'), b.link);
    clock.advance(0);
    orchestrator.learn([outcome('a', { responseMs: 5 })]);
    clock.advance(1_000);
    expect(a.last()).toMatchObject({ version: 2, planned: { nodeId: 'edge-1', variant: 'large' } });
    expect(b.directives).toHaveLength(1);
    const c = agent();
    orchestrator.devices.join(deviceHello('c'), c.link);
    clock.advance(100);
    expect(c.directives).toHaveLength(1);
    expect([a, b].map(({ directives }) => directives.length)).toEqual([2, 1]);
  });

  it('plans once for devices that join together', () => {
    const { clock, orchestrator, learner } = cell({ maxDevices: 100 });
    const agents = Array.from({ length: 40 }, agent);
    for (const [at, { link }] of agents.entries()) {
      orchestrator.devices.join(deviceHello(`device-${at}`), link);
      clock.advance(10);
    }
    clock.advance(100);
    expect(agents.map(({ directives }) => directives.length)).toEqual(agents.map(() => 1));
    expect(learner.status().plans).toBe(2);
  });

  it.each([
    ['a target is cut off', [edge({ reachable: false })]],
    ['a target is gone', []],
    ['a target drains', [edge({ report: { ...edge().report, draining: true } })]],
    ['a queue has grown', [edge({ backlogMs: 500 })]],
  ])('plans at once when %s', (_what, targets) => {
    const { clock, orchestrator, learner } = cell();
    orchestrator.devices.join(deviceHello('a'), agent().link);
    orchestrator.devices.report('a', deviceState());
    clock.advance(150);
    const before = learner.status().plans;
    orchestrator.devices.report('a', deviceState({ targets }));
    clock.advance(0);
    expect(learner.status().plans).toBe(before + 1);
  });

  it('takes a device off an edge that it cannot reach', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    orchestrator.learn([outcome('a', { responseMs: 5 })]);
    clock.advance(1_000);
    expect(a.last().planned.tier).toBe('edge');
    orchestrator.devices.report('a', deviceState({ targets: [edge({ reachable: false })] }));
    clock.advance(100);
    expect(a.last().planned.tier).toBe('device');
    expect(a.last().actions.map(({ placement }) => placement.tier)).not.toContain('edge');
  });

  it('says how far predictions were off', () => {
    const { orchestrator } = cell();
    orchestrator.learn([outcome('a')]);
    expect(orchestrator.status().predictionError).toBeCloseTo(0.1);
  });

  it('ends the former session of a device, whose end then changes nothing', () => {
    const { clock, orchestrator } = cell();
    const [first, second] = [agent(), agent()];
    orchestrator.devices.join(deviceHello('a'), first.link);
    orchestrator.devices.join(deviceHello('a', { instanceId: 'run-2' }), second.link);
    expect(first.ended[0]).toMatchObject({ status: 'ABORTED', reason: 'SESSION_REPLACED' });
    orchestrator.devices.leave('a', first.link);
    clock.advance(0);
    expect(first.directives).toHaveLength(0);
    expect(second.directives).toHaveLength(1);
    expect(orchestrator.status().devices).toMatchObject([{ deviceId: 'a', connected: true }]);
  });

  it('keeps a device that has lost its session in the plan until its grace has passed', () => {
    const expired: string[] = [];
    const { clock, orchestrator } = cell({ onExpired: (ids) => expired.push(...ids) });
    const [a, b] = [agent(), agent()];
    orchestrator.devices.join(deviceHello('a'), a.link);
    orchestrator.devices.join(deviceHello('b'), b.link);
    clock.advance(1_000);
    orchestrator.devices.leave('a', a.link);
    clock.advance(9_000);
    expect(orchestrator.status().devices).toMatchObject([{ deviceId: 'a', connected: false }, {}]);
    expect(orchestrator.decide('a').placement).toBeDefined();
    clock.advance(2_000);
    expect(orchestrator.status().devices).toMatchObject([{ deviceId: 'b' }]);
    expect(expired).toEqual(['a']);
    expect(() => orchestrator.decide('a')).toThrow(/not registered/);
  });

  it('tells its status in steps, between which devices may come and go', () => {
    const { clock, orchestrator } = cell({ maxDevices: 100 });
    const agents = Array.from({ length: 100 }, agent);
    agents.forEach(({ link }, at) => orchestrator.devices.join(deviceHello(`device-${at}`), link));
    const status = orchestrator.statusInSteps();
    let steps = 0;
    let step = status.next();
    for (; !step.done; step = status.next()) {
      if (++steps !== 1) continue;
      for (let at = 50; at < 100; at++) orchestrator.devices.leave(`device-${at}`, agents[at]!.link);
      clock.advance(20_000);
    }
    expect(steps).toBeGreaterThan(4);
    expect(step.value.devices).toHaveLength(50);
  });

  it('neither plans nor tries anything out while nobody is connected', () => {
    const { clock, orchestrator, learner } = cell();
    orchestrator.devices.remember(deviceHello('a'));
    clock.advance(5_000);
    expect(learner.status().plans).toBe(0);
    orchestrator.decide('a');
    expect(learner.status().plans).toBe(1);
    clock.advance(6_000);
    expect(orchestrator.status().devices).toEqual([]);
  });

  describe('objective', () => {
    it('that is new is planned for and pushed at once, with a new ledger for a new floor', () => {
      const { clock, orchestrator } = cell();
      const a = agent();
      orchestrator.devices.join(deviceHello('a'), a.link);
      clock.advance(500);
      const objective = { ...defaultObjective, accuracyFloor: 0.8 };
      orchestrator.setObjective(objective);
      clock.advance(100);
      expect(a.last()).toMatchObject({ objective, planned: { variant: 'large' } });
      expect(a.last().ledger.ledgerId).toMatch(/^ledger-2/);
    });

    it('of a device only ever tightens the cell’s, and keeps the device out of the transfers', () => {
      const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.8 } });
      const a = agent();
      const own = { ...defaultObjective, accuracyFloor: 0.1, allowedTiers: ['device'] as const };
      orchestrator.devices.join(deviceHello('a', { objective: own }), a.link);
      clock.advance(0);
      expect(a.last().objective).toMatchObject({ accuracyFloor: 0.8, allowedTiers: ['device'] });
      expect(a.last().ledger.ledgerId).toBe('');
    });

    it('is attainable as the plan weighs it: by the frames that each device has', () => {
      const { orchestrator } = cell();
      const { local } = deviceHello('weak');
      const small = { ...local, node: { ...local.node, variants: ['small'] } };
      const objective = { allowedTiers: ['device'] as const };
      orchestrator.devices.join(deviceHello('weak', { local: small, objective }), agent().link);
      orchestrator.devices.join(deviceHello('strong'), agent().link);
      const check = (accuracyFloor: number) =>
        orchestrator.checkObjective({ ...defaultObjective, accuracyFloor });
      check(0.8);
      expect(() => check(0.81)).toThrow(/0\.8000/);
      orchestrator.devices.report('weak', deviceState({ framesPerSecond: 9 }));
      orchestrator.devices.report('strong', deviceState({ framesPerSecond: 1 }));
      expect(() => check(0.75)).toThrow(/0\.7200/);
    });

    it('that present conditions do not allow is met as far as they do', () => {
      const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.85 } });
      const local = deviceHello('a').local;
      const weak = { ...local, node: { ...local.node, variants: ['small'] } };
      const a = agent();
      orchestrator.devices.join(
        deviceHello('a', { local: weak, targets: [edge({ reachable: false })] }),
        a.link,
      );
      clock.advance(0);
      expect(a.last()).toMatchObject({ planned: { variant: 'small' }, objective: { accuracyFloor: 0.85 } });
      orchestrator.devices.report('a', deviceState({ targets: [edge()] }));
      clock.advance(100);
      expect(a.last()).toMatchObject({ planned: { tier: 'edge', variant: 'large' } });
    });
  });

  it('moves balance between devices, debit before credit', () => {
    const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.8 } });
    const [rich, poor] = [agent(), agent()];
    orchestrator.devices.join(deviceHello('rich'), rich.link);
    orchestrator.devices.join(deviceHello('poor'), poor.link);
    clock.advance(0);
    orchestrator.learn(Array.from({ length: 20 }, () => outcome('rich')));
    const report = (id: string, link: ReturnType<typeof agent>, balance: number, given = 0) =>
      orchestrator.devices.report(
        id,
        deviceState({
          balance: {
            ledgerId: link.last().ledger.ledgerId,
            balance,
            cap: 2,
            debitedTotal: given,
            creditedTotal: 0,
          },
        }),
      );
    report('rich', rich, 2);
    report('poor', poor, 0);
    clock.advance(1_000);
    const asked = rich.last().ledger.debitRequestedTotal;
    expect(asked).toBeGreaterThan(0.5);
    expect(poor.last().ledger.creditTotal).toBe(0);
    report('rich', rich, 2 - asked, asked);
    clock.advance(1_000);
    expect(poor.last().ledger.creditTotal).toBeCloseTo(asked);
  });

  it('asks a device for nothing that its frames have not earned, whatever it claims to have and to have given', () => {
    const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.8 } });
    const [liar, poor] = [agent(), agent()];
    orchestrator.devices.join(deviceHello('liar'), liar.link);
    orchestrator.devices.join(deviceHello('poor'), poor.link);
    clock.advance(0);
    // Earned at what the cell knows of the variant, not at what the device says.
    orchestrator.learn([outcome('liar', { accuracy: 1 }), outcome('liar', { accuracy: 1 })]);
    for (let second = 0; second < 30; second++) {
      const { ledgerId, debitRequestedTotal } = liar.last().ledger;
      const lie = { ledgerId, balance: 20, cap: 20, debitedTotal: debitRequestedTotal, creditedTotal: 0 };
      orchestrator.devices.report('liar', deviceState({ balance: lie }));
      const { ledgerId: own } = poor.last().ledger;
      const truth = { ledgerId: own, balance: 0, cap: 2, debitedTotal: 0, creditedTotal: 0 };
      orchestrator.devices.report('poor', deviceState({ balance: truth }));
      clock.advance(1_000);
    }
    expect(liar.last().ledger.debitRequestedTotal).toBeLessThanOrEqual(0.2 + 1e-9);
    expect(poor.last().ledger.creditTotal).toBeLessThanOrEqual(0.2 + 1e-9);
  });

  it('goes on from the last directives when a learner fails', () => {
    const learner: Learner = createFastestMean();
    const { clock, orchestrator } = cell({ learner });
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(0);
    learner.propose = () => {
      throw new TypeError('broken');
    };
    clock.advance(5_000);
    expect(a.directives).toHaveLength(1);
  });

  it('pushes nothing while no version is to be had', () => {
    const { clock, orchestrator } = cell({ nextVersion: () => undefined });
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(3_000);
    expect(a.directives).toEqual([]);
  });

  it('changes its learner at run time', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(500);
    orchestrator.setLearner(createFastestMean('another'));
    clock.advance(100);
    expect(a.last().learner).toBe('another');
    expect(orchestrator.status().learner).toBe('another');
  });

  it('answers a decision by the same plan', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(0);
    expect(orchestrator.decide('a')).toMatchObject({ placement: a.last().planned, version: 1 });
  });
});

describe('the accuracy guard of a cell', () => {
  /** `labelled` truths, of which 60 % were right. */
  const truths = (labelled: number, promised: number) => ({
    labelled,
    right: 0.6,
    promised,
    withoutShortfall: promised,
    firstRight: 0.6,
    variation: 0.24 * labelled,
  });

  it('lowers what plans and directives promise by what truths lack, and tells both', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    clock.advance(0);
    expect(a.last().correction).toBeUndefined();
    // The first report of a run is no news.
    for (const labelled of [10, 1_010])
      orchestrator.devices.report('a', deviceState({ truths: truths(labelled, 0.8) }));
    clock.advance(1_000);
    expect(a.last().correction).toEqual({ shortfall: expect.closeTo(0.2) as number, firsts: [] });
    expect(a.last().actions.map(({ accuracy }) => accuracy)).toEqual(
      [0.7, 0.5, 0.7, 0.5].map((accuracy) => expect.closeTo(accuracy) as number),
    );
    expect(orchestrator.status().accuracy).toEqual({
      truths: truths(1_010, 0.8),
      correction: a.last().correction,
    });
  });

  it('lowers what one of several devices is promised by what it says itself, and nothing of the others', () => {
    const { clock, orchestrator } = cell();
    const [a, b] = [agent(), agent()];
    orchestrator.devices.join(deviceHello('a'), a.link);
    orchestrator.devices.join(deviceHello('b'), b.link);
    for (const labelled of [10, 1_010])
      orchestrator.devices.report('a', deviceState({ truths: truths(labelled, 0.8) }));
    clock.advance(1_000);
    const accuracies = ({ last }: typeof a) =>
      last().actions.map(({ placement, accuracy }) => [placement.variant, accuracy]);
    expect(a.last().correction!.shortfall).toBeCloseTo(0.2);
    expect(Object.fromEntries(accuracies(a))).toEqual({
      large: expect.closeTo(0.7) as number,
      small: expect.closeTo(0.5) as number,
    });
    expect(b.last().correction).toBeUndefined();
    expect(Object.fromEntries(accuracies(b))).toEqual({ large: 0.9, small: 0.7 });
    expect(orchestrator.status().accuracy.correction).toBeUndefined();
  });

  it('goes no further than the floor can be met, and checks another floor by what the family says', () => {
    const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.85 } });
    const a = agent();
    orchestrator.devices.join(deviceHello('a'), a.link);
    // The first report of a run is no news.
    for (const labelled of [10, 1_010])
      orchestrator.devices.report('a', deviceState({ truths: truths(labelled, 0.8) }));
    clock.advance(1_000);
    expect(a.last().correction!.shortfall).toBeCloseTo(0.05, 3);
    expect(a.last().planned.variant).toBe('large');
    const best = Math.max(...a.last().actions.map(({ accuracy }) => accuracy));
    expect(best).toBeGreaterThanOrEqual(a.last().objective.accuracyFloor);
    expect(() => orchestrator.checkObjective({ ...defaultObjective, accuracyFloor: 0.9 })).not.toThrow();
    expect(() => orchestrator.checkObjective({ ...defaultObjective, accuracyFloor: 0.91 })).toThrow(
      /0\.9000/,
    );
  });

  /** A device whose family has a curve. */
  function withCurves() {
    const a = agent();
    const made = cell();
    made.orchestrator.devices.join(deviceHello('a', { looks }), a.link);
    return { ...made, a };
  }

  it('corrects what margins and second looks show, by the curves that devices bring', () => {
    const { clock, orchestrator, a } = withCurves();
    const small = { tier: 'device', nodeId: 'a', variant: 'small' } as const;
    // Seven frames in ten are unsure, instead of three.
    for (let frame = 0; frame < 300; frame++)
      orchestrator.learn([
        outcome('a', { placement: small, margin: (frame % 10 < 7 ? 0.2 : 0.7) + frame / 1e6 }),
      ]);
    clock.advance(1_000);
    const [first] = a.last().correction!.firsts;
    expect(first).toMatchObject({ variant: 'small', share: expect.closeTo(0.7 / 0.3, 1) as number });
    expect(first!.loss).toBeGreaterThan(2);
    expect(orchestrator.status().accuracy.correction).toEqual(a.last().correction);
  });

  it('corrects nothing by what comes from epochs, in time or late', async () => {
    const { clock, orchestrator, a } = withCurves();
    const small = { tier: 'device', nodeId: 'a', variant: 'small' } as const;
    const unsure = (frame: number) => ({ placement: small, margin: 0.2 + frame / 1e6 });
    clock.advance(0);
    const run = orchestrator.runEpochs();
    const { version: planVersion } = await run.next({
      settleMs: 1_000,
      signal: new AbortController().signal,
    });
    for (let frame = 0; frame < 300; frame++)
      orchestrator.learn([outcome('a', { ...unsure(frame), planVersion })]);
    run[Symbol.dispose]();
    for (let frame = 0; frame < 300; frame++)
      orchestrator.learn([outcome('a', { ...unsure(frame), planVersion })]);
    clock.advance(2_000);
    expect(a.last().correction).toBeUndefined();
  });

  it('learns nothing else from audits: nobody waited for them', () => {
    const learner = createFastestMean();
    const { clock, orchestrator } = cell({ learner });
    orchestrator.devices.join(deviceHello('a'), agent().link);
    clock.advance(0);
    const audit = outcome('a', {
      reason: 'audit',
      responseMs: 5_000,
      auditProbability: 0.01,
      shadow: true,
      firstLook: { placement: { tier: 'device', nodeId: 'a', variant: 'small' }, margin: 0.9, agreed: true },
    });
    const error = orchestrator.status().predictionError;
    orchestrator.learn([audit]);
    expect(learner.status().outcomes).toBe(0);
    expect(orchestrator.status()).toMatchObject({ predictionError: error, exploringFrames: 0, outcomes: 0 });
    expect(orchestrator.status().accuracy.audits).toMatchObject({ audits: 1 });
    const run = orchestrator.runEpochs();
    const next = run.next({ settleMs: 1_000, signal: new AbortController().signal });
    orchestrator.learn([{ ...audit, planVersion: 3 }]);
    expect(orchestrator.holdsOutcomes).toBe(false);
    return next.then(() => run[Symbol.dispose]());
  });
});
