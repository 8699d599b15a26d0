import { FakeClock, type Logger, seededRandom, silentLogger } from '@weir/base';
import { createLearner, defaultObjective, type Directive, type Learner } from '@weir/policy';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge, outcome } from './agent.fixture.ts';
import { CellOrchestrator, type OrchestratorOptions } from './cell-orchestrator.ts';
import type { AgentLink } from './sessions.ts';
import { createFastestMean } from './learner.fixture.ts';

const times = { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 };

function cell(more: Partial<OrchestratorOptions> = {}) {
  const clock = new FakeClock(1_000_000);
  let version = 0;
  let ledgers = 0;
  const learner = more.learner ?? createFastestMean();
  const orchestrator = new CellOrchestrator({
    cellId: 'c',
    clock,
    logger: silentLogger,
    learner,
    objective: defaultObjective,
    times,
    maxDevices: 3,
    nextVersion: () => ++version,
    newLedgerId: () => `ledger-${++ledgers}`,
    ...more,
  });
  return { clock, orchestrator, learner };
}

function agent() {
  const directives: Directive[] = [];
  const ended: Error[] = [];
  const link: AgentLink = {
    push: (directive) => void directives.push(directive),
    end: (reason) => void ended.push(reason),
  };
  return { link, directives, ended, last: () => directives.at(-1)! };
}

describe('CellOrchestrator', () => {
  it('plans and pushes as soon as a device joins', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
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

  it('plans once for all that comes at the same time, and again for what comes later', () => {
    const { clock, orchestrator, learner } = cell();
    for (const id of ['a', 'b', 'c']) orchestrator.join(deviceHello(id), agent().link);
    clock.advance(0);
    expect(learner.status().plans).toBe(1);
    orchestrator.leave('b', agent().link);
    clock.advance(50);
    expect(learner.status().plans).toBe(1);
  });

  it('says nothing while there is nothing new, and renews at half of the lease', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
    clock.advance(2_400);
    expect(a.directives).toHaveLength(1);
    clock.advance(700);
    expect(a.directives.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('tells all devices the same version when the joint plan changes', () => {
    const { clock, orchestrator } = cell();
    const [a, b] = [agent(), agent()];
    orchestrator.join(deviceHello('a'), a.link);
    orchestrator.join(deviceHello('b'), b.link);
    clock.advance(0);
    orchestrator.learn([outcome('a', { responseMs: 5 })]);
    clock.advance(1_000);
    expect(a.last()).toMatchObject({ version: 2, planned: { nodeId: 'edge-1', variant: 'large' } });
    expect(b.last()).toMatchObject({ version: 2, planned: { nodeId: 'b' } });
  });

  it.each([
    ['a target is cut off', [edge({ reachable: false })]],
    ['a target is gone', []],
    ['a target drains', [edge({ report: { ...edge().report, draining: true } })]],
    ['a queue has grown', [edge({ backlogMs: 500 })]],
  ])('plans at once when %s', (_what, targets) => {
    const { clock, orchestrator, learner } = cell();
    orchestrator.join(deviceHello('a'), agent().link);
    orchestrator.report('a', deviceState());
    clock.advance(150);
    const before = learner.status().plans;
    orchestrator.report('a', deviceState({ targets }));
    clock.advance(0);
    expect(learner.status().plans).toBe(before + 1);
  });

  it('takes a device off an edge that it cannot reach', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
    orchestrator.learn([outcome('a', { responseMs: 5 })]);
    clock.advance(1_000);
    expect(a.last().planned.tier).toBe('edge');
    orchestrator.report('a', deviceState({ targets: [edge({ reachable: false })] }));
    clock.advance(100);
    expect(a.last().planned.tier).toBe('device');
    expect(a.last().actions.map(({ placement }) => placement.tier)).not.toContain('edge');
  });

  it('learns from outcomes that are there before the first plan', () => {
    const learner = createLearner('planner', { random: seededRandom(1) });
    const { orchestrator } = cell({ learner });
    orchestrator.join(deviceHello('a'), agent().link);
    orchestrator.learn([outcome('a')]);
    expect(learner.status().outcomes).toBe(1);
  });

  it('ends the former session of a device, whose end then changes nothing', () => {
    const { clock, orchestrator } = cell();
    const [first, second] = [agent(), agent()];
    orchestrator.join(deviceHello('a'), first.link);
    orchestrator.join(deviceHello('a', { instanceId: 'run-2' }), second.link);
    expect(first.ended[0]).toMatchObject({ status: 'ABORTED', reason: 'SESSION_REPLACED' });
    orchestrator.leave('a', first.link);
    clock.advance(0);
    expect(first.directives).toHaveLength(0);
    expect(second.directives).toHaveLength(1);
    expect(orchestrator.status().devices).toMatchObject([{ deviceId: 'a', connected: true }]);
  });

  it('keeps a device that has lost its session in the plan until its grace has passed', () => {
    const expired: string[] = [];
    const { clock, orchestrator } = cell({ onExpired: (ids) => expired.push(...ids) });
    const [a, b] = [agent(), agent()];
    orchestrator.join(deviceHello('a'), a.link);
    orchestrator.join(deviceHello('b'), b.link);
    clock.advance(1_000);
    orchestrator.leave('a', a.link);
    clock.advance(9_000);
    expect(orchestrator.status().devices).toMatchObject([{ deviceId: 'a', connected: false }, {}]);
    expect(orchestrator.decide('a').placement).toBeDefined();
    clock.advance(2_000);
    expect(orchestrator.status().devices).toMatchObject([{ deviceId: 'b' }]);
    expect(expired).toEqual(['a']);
    expect(() => orchestrator.decide('a')).toThrow(/not registered/);
  });

  it('takes no more devices than it may, but those it has again', () => {
    const { orchestrator } = cell();
    for (const id of ['a', 'b', 'c']) orchestrator.join(deviceHello(id), agent().link);
    expect(() => orchestrator.join(deviceHello('d'), agent().link)).toThrow(/--max-devices/);
    orchestrator.join(deviceHello('b'), agent().link);
  });

  it('neither plans nor tries anything out while nobody is connected', () => {
    const { clock, orchestrator, learner } = cell();
    orchestrator.remember(deviceHello('a'));
    clock.advance(5_000);
    expect(learner.status().plans).toBe(0);
    orchestrator.decide('a');
    expect(learner.status().plans).toBe(1);
    clock.advance(6_000);
    expect(orchestrator.status().devices).toEqual([]);
  });

  describe('objective', () => {
    it('that cannot be met is refused, naming the best that can', () => {
      const { orchestrator } = cell();
      const objective = { ...defaultObjective, accuracyFloor: 0.95 };
      orchestrator.checkObjective(objective);
      orchestrator.join(deviceHello('a'), agent().link);
      expect(() => orchestrator.checkObjective(objective)).toThrow(/best attainable .* 0\.9000/);
      orchestrator.checkObjective({ ...objective, accuracyFloor: 0.9 });
    });

    it('counts only what its tiers allow', () => {
      const { orchestrator } = cell();
      const local = { ...deviceHello('a').local, services: new Map([['small', 20]]) };
      const hello = deviceHello('a', { local: { ...local, node: { ...local.node, variants: ['small'] } } });
      orchestrator.join(hello, agent().link);
      const objective = { ...defaultObjective, accuracyFloor: 0.8, allowedTiers: ['device'] as const };
      expect(() => orchestrator.checkObjective(objective)).toThrow(/0\.7000/);
    });

    it('that is new is planned for and pushed at once, with a new ledger for a new floor', () => {
      const { clock, orchestrator } = cell();
      const a = agent();
      orchestrator.join(deviceHello('a'), a.link);
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
      orchestrator.join(deviceHello('a', { objective: own }), a.link);
      clock.advance(0);
      expect(a.last().objective).toMatchObject({ accuracyFloor: 0.8, allowedTiers: ['device'] });
      expect(a.last().ledger.ledgerId).toBe('');
    });

    it('that present conditions do not allow is met as far as they do', () => {
      const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.85 } });
      const local = deviceHello('a').local;
      const weak = { ...local, node: { ...local.node, variants: ['small'] } };
      const a = agent();
      orchestrator.join(deviceHello('a', { local: weak, targets: [edge({ reachable: false })] }), a.link);
      clock.advance(0);
      expect(a.last()).toMatchObject({ planned: { variant: 'small' }, objective: { accuracyFloor: 0.85 } });
      orchestrator.report('a', deviceState({ targets: [edge()] }));
      clock.advance(100);
      expect(a.last()).toMatchObject({ planned: { tier: 'edge', variant: 'large' } });
    });
  });

  it('moves balance between devices, debit before credit', () => {
    const { clock, orchestrator } = cell({ objective: { ...defaultObjective, accuracyFloor: 0.8 } });
    const [rich, poor] = [agent(), agent()];
    orchestrator.join(deviceHello('rich'), rich.link);
    orchestrator.join(deviceHello('poor'), poor.link);
    clock.advance(0);
    const report = (id: string, link: ReturnType<typeof agent>, balance: number, given = 0) =>
      orchestrator.report(
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

  it('goes on from the last directives when a learner fails, and says so once', () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    const learner: Learner = createFastestMean();
    const { clock, orchestrator } = cell({ learner, logger });
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
    clock.advance(0);
    learner.propose = () => {
      throw new TypeError('broken');
    };
    clock.advance(5_000);
    expect(a.directives).toHaveLength(1);
    expect(warnings).toEqual(['no plan']);
  });

  it('survives outcomes that the learner cannot take', () => {
    const learner: Learner = createFastestMean();
    learner.learn = () => {
      throw new TypeError('broken');
    };
    const { orchestrator } = cell({ learner });
    orchestrator.learn([outcome('a')]);
    expect(orchestrator.status().predictionError).toBeCloseTo(0.1);
  });

  it('pushes nothing while no version is to be had', () => {
    const { clock, orchestrator } = cell({ nextVersion: () => undefined });
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
    clock.advance(3_000);
    expect(a.directives).toEqual([]);
  });

  it('changes its learner at run time', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
    clock.advance(500);
    orchestrator.setLearner(createFastestMean('another'));
    clock.advance(100);
    expect(a.last().learner).toBe('another');
    expect(orchestrator.status().learner).toBe('another');
  });

  it('answers a decision by the same plan', () => {
    const { clock, orchestrator } = cell();
    const a = agent();
    orchestrator.join(deviceHello('a'), a.link);
    clock.advance(0);
    expect(orchestrator.decide('a')).toMatchObject({ placement: a.last().planned, version: 1 });
  });
});

describe('a cell in synchronous epochs', () => {
  const local = (deviceId: string) => ({ tier: 'device' as const, nodeId: deviceId, variant: 'small' });
  const answer = (deviceId: string, planVersion: number, more = {}) =>
    outcome(deviceId, { planVersion, placement: local(deviceId), ...more });

  async function running(deviceIds: readonly string[] = ['a', 'b']) {
    const made = cell();
    const { clock, orchestrator } = made;
    const agents = new Map(deviceIds.map((id) => [id, agent()]));
    for (const [id, { link }] of agents) orchestrator.join(deviceHello(id), link);
    clock.advance(0);
    const run = orchestrator.runEpochs();
    const { signal } = new AbortController();
    const next = (settleMs = 1_000) => run.next({ settleMs, signal });
    return { ...made, agents, run, next };
  }

  it('plans only when asked, to be obeyed, with a version of its own for each epoch', async () => {
    const { clock, agents, next, learner, orchestrator } = await running();
    const before = learner.status().plans;
    clock.advance(5_000);
    orchestrator.report('a', deviceState({ targets: [edge({ reachable: false })] }));
    clock.advance(5_000);
    expect(learner.status().plans).toBe(before);
    const { version, plan } = await next();
    for (const id of ['a', 'b'])
      expect(agents.get(id)!.last()).toMatchObject({
        version,
        thresholdMs: Infinity,
        planned: plan.placements.get(id),
      });
    for (const id of ['a', 'b']) orchestrator.learn([answer(id, version)]);
    expect((await next()).version).toBeGreaterThan(version);
  });

  it('learns an epoch as a whole once every device has answered, and nothing of another plan', async () => {
    const { next, learner, orchestrator } = await running();
    const { version } = await next();
    const following = next();
    orchestrator.learn([answer('a', version), answer('a', version - 1), answer('a', version)]);
    expect(learner.status().outcomes).toBe(0);
    orchestrator.learn([answer('b', version)]);
    expect(await following).toMatchObject({ outcomes: 2, missing: [] });
    expect(learner.status().outcomes).toBe(2);
  });

  it('names the devices that do not answer in time and goes on with the others', async () => {
    const { clock, next, orchestrator } = await running();
    const { version } = await next();
    orchestrator.learn([answer('a', version)]);
    const following = next(1_000);
    await clock.advanceAsync(1_000);
    expect(await following).toMatchObject({ outcomes: 1, missing: ['b'] });
  });

  it('is run by one caller at a time, and plans continuously again afterwards', async () => {
    const { clock, orchestrator, run, learner } = await running();
    expect(() => orchestrator.runEpochs()).toThrow(/runs in epochs already/);
    run[Symbol.dispose]();
    const before = learner.status().plans;
    clock.advance(2_000);
    expect(learner.status().plans).toBeGreaterThan(before);
    orchestrator.runEpochs()[Symbol.dispose]();
  });

  it('learns the last epoch too, and nothing that comes after its end', async () => {
    const { run, next, learner, orchestrator } = await running();
    const { version } = await next();
    for (const id of ['a', 'b']) orchestrator.learn([answer(id, version)]);
    await run.finish({ settleMs: 1_000, signal: new AbortController().signal });
    run[Symbol.dispose]();
    orchestrator.learn([answer('a', version)]);
    expect(learner.status().outcomes).toBe(2);
    orchestrator.learn([answer('a', version + 1)]);
    expect(learner.status().outcomes).toBe(3);
  });

  it('says when no device is there to run an epoch', async () => {
    const { orchestrator } = cell();
    const run = orchestrator.runEpochs();
    const { signal } = new AbortController();
    await expect(run.next({ settleMs: 1, signal })).rejects.toThrow(/no devices/);
  });
});
