import type { Placement } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge, outcome } from '../sessions/agent.fixture.ts';
import { createFastestMean } from '../cell/learner.fixture.ts';
import { agent, cell } from '../cell/orchestrator.fixture.ts';

describe('a cell in synchronous epochs', () => {
  const local = (deviceId: string) => ({ tier: 'device' as const, nodeId: deviceId, variant: 'small' });
  const answer = (deviceId: string, planVersion: number, more = {}) =>
    outcome(deviceId, { planVersion, placement: local(deviceId), ...more });

  async function running(
    deviceIds: readonly string[] = ['a', 'b'],
    options: Parameters<typeof cell>[0] = {},
  ) {
    const made = cell(options);
    const { clock, orchestrator } = made;
    const agents = new Map(deviceIds.map((id) => [id, agent()]));
    for (const [id, { link }] of agents) orchestrator.devices.join(deviceHello(id), link);
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
    orchestrator.devices.report('a', deviceState({ targets: [edge({ reachable: false })] }));
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

  it('tells each device its second look, and what is best known', async () => {
    const learner = createFastestMean();
    const looks = new Map([
      [
        'a',
        { placement: { tier: 'edge', nodeId: 'edge-1', variant: 'large' }, marginBelow: 0.3, curves: 'v' },
      ],
    ] as const);
    const { agents, next, clock, orchestrator, run } = await running(['a', 'b'], {
      learner: {
        ...learner,
        propose: () => ({ ...learner.propose(), secondLooks: looks }),
        bestSecondLooks: () => looks,
      },
    });
    expect((await next()).bestSecondLooks).toEqual(looks);
    expect(agents.get('a')!.last().secondLook).toEqual(looks.get('a'));
    expect(orchestrator.status().devices.map((device) => device.secondLook)).toEqual([
      looks.get('a'),
      undefined,
    ]);
    expect(agents.get('b')!.last()).not.toHaveProperty('secondLook');
    // In a living cell its threshold is finite, and agents choose for themselves.
    run[Symbol.dispose]();
    clock.advance(2_000);
    expect(agents.get('a')!.last()).not.toHaveProperty('secondLook');
  });

  it('decides by the plan of its epoch, and makes none for a device that has joined since', async () => {
    const { agents, next, learner, orchestrator } = await running();
    const { version, plan } = await next();
    const { plans } = learner.status();
    orchestrator.devices.join(deviceHello('c'), agent().link);
    expect(() => orchestrator.decide('c')).toThrow(/no plan covers device c/);
    expect(learner.status().plans).toBe(plans);
    expect(agents.get('a')!.last().version).toBe(version);
    expect(orchestrator.decide('a')).toMatchObject({ version, placement: plan.placements.get('a') });
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

  describe('with second looks', () => {
    const again: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };
    const second = (deviceId: string, version: number, more = {}) =>
      answer(deviceId, version, {
        placement: again,
        reason: 'unsure',
        firstLook: { placement: local(deviceId), margin: 0.1, agreed: true },
        ...more,
      });

    it('waits for the last look of each device, and learns from all of them', async () => {
      const { next, learner, orchestrator } = await running();
      const { version } = await next();
      const following = next();
      orchestrator.learn([answer('b', version), answer('a', version, { lookedAgain: true })]);
      expect(learner.status().outcomes).toBe(0);
      orchestrator.learn([second('a', version)]);
      expect(await following).toMatchObject({ outcomes: 3, missing: [] });
    });

    it('takes a device for answered whose last second look has failed, and waits where another follows', async () => {
      const { next, learner, orchestrator } = await running(['a']);
      const { version } = await next();
      const following = next();
      orchestrator.learn([answer('a', version, { lookedAgain: true })]);
      orchestrator.learn([second('a', version, { failure: 'UNAVAILABLE', lookedAgain: true })]);
      expect(learner.status().outcomes).toBe(0);
      orchestrator.learn([second('a', version, { failure: 'DEADLINE_EXCEEDED' })]);
      expect(await following).toMatchObject({ outcomes: 3, missing: [] });
    });

    it('leaves out looks of a device that has answered', async () => {
      const { next, learner, orchestrator } = await running();
      const { version } = await next();
      const following = next();
      orchestrator.learn([answer('a', version), answer('a', version, { lookedAgain: true })]);
      orchestrator.learn([second('a', version), answer('b', version)]);
      expect(await following).toMatchObject({ outcomes: 2, missing: [] });
      expect(learner.status().outcomes).toBe(2);
    });
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

  it('ends with directives for all, though they say nothing new: what comes by those of an epoch is not learned', async () => {
    const fastest = createFastestMean();
    const propose = () => ({ ...fastest.propose(), thresholdMs: Infinity });
    const { clock, run, next, agents } = await running(['a', 'b'], { learner: { ...fastest, propose } });
    const { version } = await next();
    run[Symbol.dispose]();
    clock.advance(100);
    for (const { last } of agents.values()) expect(last().version).toBeGreaterThan(version);
  });

  it('learns what came of an epoch that is cut off', async () => {
    const { run, next, learner, orchestrator } = await running();
    const { version } = await next();
    orchestrator.learn([answer('a', version), answer('b', version - 1)]);
    const over = AbortSignal.abort(new Error('the caller is gone'));
    await expect(run.next({ settleMs: 1_000, signal: over })).rejects.toThrow('the caller is gone');
    expect(orchestrator.holdsOutcomes).toBe(true);
    run[Symbol.dispose]();
    expect(learner.status().outcomes).toBe(1);
    expect(orchestrator.holdsOutcomes).toBe(false);
  });

  it('says when no device is there to run an epoch', async () => {
    const { orchestrator } = cell();
    const run = orchestrator.runEpochs();
    const { signal } = new AbortController();
    await expect(run.next({ settleMs: 1, signal })).rejects.toThrow(/no devices/);
  });
});
