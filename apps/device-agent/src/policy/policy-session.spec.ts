import { FakeClock, seededRandom, silentLogger, Unavailable } from '@weir/base';
import { defaultObjective, type DeviceState, type Directive, type Outcome } from '@weir/domain';
import { policy } from '@weir/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { objectiveToWire, placementToWire } from '@weir/wire';
import { FakeDuplex } from './fake-duplex.fixture.ts';
import { OutcomeBuffer } from './outcome-buffer.ts';
import { PolicySession } from './policy-session.ts';

type Duplex = FakeDuplex<policy.OrchestrateRequest, policy.OrchestrateResponse>;

let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const placement = { tier: 'edge', nodeId: 'edge-1', variant: 'v' } as const;
const directive = (over: Partial<policy.Directive> = {}) =>
  policy.Directive.fromPartial({
    version: 7n,
    leaseMs: 1_000,
    learner: 'planner',
    planned: placementToWire(placement),
    objective: objectiveToWire(defaultObjective),
    ...over,
  });
const outcome = (at: number): Outcome => ({
  deviceId: 'd',
  placement,
  planVersion: 1,
  reason: 'planned',
  at,
  hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 0, downlinkMs: 0 },
  responseMs: 1,
  predictedMs: 1,
  energyJ: 0,
  accuracy: 0.7,
  margin: 0.1,
  concurrency: 0,
  propensity: 1,
});

/** By chance no pause is longer. */
const nobodyIsKeptApart = { ...seededRandom(1), uniform: () => 0 };

function start({ limit = 100, waitMs = 0, random = seededRandom(1) } = {}) {
  const clock = new FakeClock();
  const streams: Duplex[] = [];
  const directives: Directive[] = [];
  const renewed: number[] = [];
  const outcomes = new OutcomeBuffer(limit);
  let hellos = 0;
  let state: DeviceState = { framesPerSecond: 3, targets: [] };
  const session = new PolicySession({
    openStream: (signal) => {
      streams.push(new FakeDuplex(signal));
      return streams.at(-1)!;
    },
    clock,
    random,
    logger: silentLogger,
    outcomes,
    hello: () => policy.Hello.fromPartial({ deviceId: `hello ${++hellos}` }),
    state: () => state,
    onDirective: (taken) => directives.push(taken),
    onRenewed: (version) => renewed.push(version),
    onEnded: () => waitMs,
    decisions: (most) => [policy.TracedDecision.fromPartial({ requestId: `newest of ${most}` })],
  });
  const stop = () => session[Symbol.asyncDispose]();
  // A test that has failed leaves outcomes that nobody acknowledges.
  cleanUps.push(async () => {
    const stopped = stop();
    await clock.advanceAsync(1_000);
    await stopped;
  });
  const stream = () => streams.at(-1)!;
  const add = (...times: number[]) => {
    for (const at of times) outcomes.add(outcome(at), 0.9);
    session.outcomesAdded();
  };
  const arrive = async (message: policy.OrchestrateResponse['message']) => {
    stream().arrive({ message });
    await settle();
  };
  const ack = (through: bigint, renewedVersion = 0n) =>
    arrive({ $case: 'ack', value: { throughSequence: through, refused: [], renewedVersion } });
  const batches = (of = stream()) =>
    of.sent.flatMap(({ message }) => (message?.$case === 'outcomes' ? [message.value] : []));
  const sequences = (of = stream()) =>
    batches(of).map((batch) => batch.outcomes.map(({ sequence }) => Number(sequence)));
  /** What was sent: 'h'ello, 's'tate, 'o'utcomes, or both in one message. */
  const said = (of = stream()) =>
    of.sent
      .map(({ message }) =>
        message?.$case === 'outcomes' && message.value.state ? 'o+s' : message!.$case[0],
      )
      .join(' ');
  const lose = async () => {
    stream().finish(new Unavailable('lost'));
    await settle();
    await clock.advanceAsync(200);
  };
  return {
    clock,
    streams,
    stream,
    session,
    outcomes,
    directives,
    renewed,
    add,
    arrive,
    ack,
    batches,
    sequences,
    said,
    stands: (framesPerSecond: number) => void (state = { ...state, framesPerSecond }),
    lose,
    stop,
  };
}

describe('PolicySession', () => {
  it('ignores what a former owner of the cell says, and leaves it', async () => {
    const { directives, arrive, lose, stream, streams } = start();
    const from = (ownerEpoch: bigint) => arrive({ $case: 'directive', value: directive({ ownerEpoch }) });
    await from(7n);
    await lose();
    await from(5n);
    expect(directives.map((each) => each.ownerEpoch)).toEqual([7]);
    expect(streams[1]!.cancelled).toBe(true);
    await lose();
    await from(9n);
    expect(stream().cancelled).toBe(false);
    expect(directives.map((each) => each.ownerEpoch)).toEqual([7, 9]);
  });

  it('waits before the next stream for as long as it is told to, or half of it', async () => {
    const { clock, streams, lose } = start({ waitMs: 4_000 });
    await settle();
    await lose();
    await clock.advanceAsync(1_800 - 1);
    expect(streams).toHaveLength(1);
    await clock.advanceAsync(2_200);
    expect(streams).toHaveLength(2);
  });

  it('says hello first, then how it stands, and again every second to a policy that does not tell of pauses', async () => {
    const { clock, add, arrive, ack, said } = start();
    await arrive({ $case: 'directive', value: directive() });
    await clock.advanceAsync(2_000);
    add(2_000);
    await clock.advanceAsync(1_000);
    expect(said()).toBe('h s s s o s');
    await ack(1n);
  });

  describe('where a state may stay untold for 5 s', () => {
    const begin = async () => {
      const session = start();
      await session.arrive({ $case: 'directive', value: directive({ statePauseMs: 5_000 }) });
      return session;
    };

    it('tells one that is as it was after the pause', async () => {
      const { clock, said } = await begin();
      await clock.advanceAsync(4_999);
      expect(said()).toBe('h s');
      await clock.advanceAsync(1);
      expect(said()).toBe('h s s');
    });

    it('tells one that has changed within a second, and at once when asked to', async () => {
      const { clock, said, stands, session } = await begin();
      await clock.advanceAsync(500);
      stands(6);
      await clock.advanceAsync(500);
      expect(said()).toBe('h s s');
      session.stateChanged();
      expect(said()).toBe('h s s s');
    });

    it('lets one that has changed go with outcomes, as often as once a second', async () => {
      const { clock, said, stands, add, ack } = await begin();
      for (let frame = 1; frame <= 12; frame++) {
        await clock.advanceAsync(250);
        stands(3 + 2 * frame);
        add(clock.now());
      }
      await clock.advanceAsync(100);
      expect(said()).toBe('h s o o+s o o+s o o+s');
      await ack(12n);
    });

    it('looks again a second after one has gone with outcomes', async () => {
      const { clock, said, stands, add, ack } = await begin();
      await clock.advanceAsync(800);
      stands(6);
      add(800);
      await clock.advanceAsync(100);
      stands(9);
      await clock.advanceAsync(999);
      expect(said()).toBe('h s o+s');
      await clock.advanceAsync(1);
      expect(said()).toBe('h s o+s s');
      await ack(1n);
    });

    it('has one that is due meanwhile go with the outcomes that wait, however long a busy policy has them wait', async () => {
      const { clock, arrive, said, stands, add } = await begin();
      await arrive({ $case: 'directive', value: directive({ statePauseMs: 5_000, outcomePauseMs: 4_000 }) });
      for (let frame = 1; frame <= 18; frame++) {
        add(clock.now());
        await clock.advanceAsync(500);
        stands(3 + 2 * frame);
      }
      expect(said()).toBe('h s o o+s o+s');
    });

    it('begins anew with each session', async () => {
      const { clock, lose, said } = await begin();
      await lose();
      await clock.advanceAsync(2_000);
      expect(said()).toBe('h s s s');
    });
  });

  it('is connected once the policy has said something', async () => {
    const { session, arrive, lose } = start();
    await settle();
    expect(session.connected).toBe(false);
    await arrive({ $case: 'directive', value: directive() });
    expect(session.connected).toBe(true);
    await lose();
    expect(session.connected).toBe(false);
  });

  it('hands directives on, and keeps the one before where one is faulty', async () => {
    const { arrive, directives } = start();
    await settle();
    await arrive({ $case: 'directive', value: directive({ obey: true, thresholdMs: 5 }) });
    await arrive({ $case: 'directive', value: directive({ planned: undefined }) });
    await arrive({ $case: 'directive', value: directive({ objective: undefined }) });
    await arrive({ $case: 'directive', value: directive({ thresholdMs: NaN }) });
    await arrive({ $case: 'directive', value: directive({ version: 8n, thresholdMs: 5 }) });
    expect(directives).toMatchObject([
      { version: 7, thresholdMs: Infinity, planned: placement },
      { version: 8, thresholdMs: 5 },
    ]);
  });

  it('answers what an operator asks of its last decisions, with the number of the question', async () => {
    const { arrive, stream } = start();
    await arrive({ $case: 'decisionsWanted', value: { id: 5n, limit: 3 } });
    const told = stream().sent.flatMap(({ message }) =>
      message?.$case === 'decisions' ? [message.value] : [],
    );
    expect(told).toMatchObject([{ id: 5n, decisions: [{ requestId: 'newest of 3' }] }]);
  });

  it('sends outcomes together after a moment, each once per stream, with their age', async () => {
    const { clock, add, sequences, batches } = start();
    await settle();
    add(0, 0);
    expect(sequences()).toEqual([]);
    await clock.advanceAsync(100);
    add(100);
    await clock.advanceAsync(100);
    expect(sequences()).toEqual([[1, 2], [3]]);
    expect(batches()[0]?.outcomes[0]).toMatchObject({ ageMs: 100, confidence: 0.9, failure: '' });
    expect(batches()[0]?.oldestPendingSequence).toBe(1n);
  });

  it('sends outcomes of many frames twice a second, and each at once where a plan is to be obeyed', async () => {
    const { clock, add, ack, arrive, sequences } = start({ random: nobodyIsKeptApart });
    await arrive({ $case: 'directive', value: directive() });
    for (let frame = 1; frame <= 10; frame++) {
      add(clock.now());
      await clock.advanceAsync(100);
    }
    expect(sequences()).toEqual([[1], [2, 3, 4, 5, 6]]);
    await arrive({ $case: 'directive', value: directive({ version: 8n, obey: true }) });
    await clock.advanceAsync(100);
    add(clock.now());
    await clock.advanceAsync(100);
    expect(sequences()).toEqual([[1], [2, 3, 4, 5, 6], [7, 8, 9, 10], [11]]);
    await ack(11n);
  });

  it('leaves the pause between messages of outcomes that a busy policy asks for', async () => {
    const { clock, add, arrive, sequences } = start({ random: nobodyIsKeptApart });
    await arrive({ $case: 'directive', value: directive({ outcomePauseMs: 2_000 }) });
    for (let frame = 1; frame <= 10; frame++) {
      add(clock.now());
      await clock.advanceAsync(300);
    }
    expect(sequences()).toEqual([[1], [2, 3, 4, 5, 6, 7]]);
  });

  it('leaves that pause once after all that has waited, in several messages', async () => {
    const { clock, add, ack, arrive, sequences } = start({
      limit: 1_000,
      random: { ...seededRandom(1), uniform: () => 0.5 },
    });
    await arrive({ $case: 'directive', value: directive({ outcomePauseMs: 2_000 }) });
    add(...Array.from({ length: 600 }, () => clock.now()));
    await clock.advanceAsync(100);
    expect(sequences().map(({ length }) => length)).toEqual([256, 256, 88]);
    add(clock.now());
    await clock.advanceAsync(2_999);
    expect(sequences()).toHaveLength(3);
    await clock.advanceAsync(1);
    expect(sequences()[3]).toEqual([601]);
    await ack(601n);
  });

  it('forgets what is acknowledged and sends the rest again, by its numbers, on a new stream', async () => {
    const { clock, add, ack, outcomes, lose, sequences, streams } = start();
    await settle();
    add(0, 0, 0);
    await clock.advanceAsync(100);
    await ack(1n);
    expect(outcomes.pending).toBe(2);
    await lose();
    expect(streams).toHaveLength(2);
    expect(sequences()).toEqual([[2, 3]]);
  });

  it('tells which directive an acknowledgement renews, if one does', async () => {
    const { clock, add, ack, renewed } = start();
    await settle();
    add(0, 0);
    await clock.advanceAsync(100);
    await ack(1n);
    await ack(2n, 7n);
    expect(renewed).toEqual([7]);
  });

  it('keeps outcomes while there is no policy, in a bounded buffer, and says what it gave up', async () => {
    const { add, lose, sequences, outcomes, batches } = start({ limit: 2 });
    await settle();
    add(0, 0, 0);
    await lose();
    expect(outcomes.dropped).toBe(1);
    expect(sequences()).toEqual([[2, 3]]);
    expect(batches()[0]?.oldestPendingSequence).toBe(2n);
  });

  it('begins anew with a new hello when asked to', async () => {
    const { session, streams, clock } = start();
    await settle();
    session.renew();
    await clock.advanceAsync(200);
    expect(streams.map(({ sent }) => sent[0]?.message?.value)).toMatchObject([
      { deviceId: 'hello 1' },
      { deviceId: 'hello 2' },
    ]);
  });

  it('sends what is left before it ends, and waits for its acknowledgement', async () => {
    const { add, arrive, ack, stop, sequences, stream } = start();
    await settle();
    await arrive({ $case: 'directive', value: directive() });
    add(0);
    const stopped = stop();
    await settle();
    expect(sequences()).toEqual([[1]]);
    expect(stream().cancelled).toBe(false);
    await ack(1n);
    await stopped;
    expect(stream().cancelled).toBe(true);
  });

  it('ends after a second when the policy does not acknowledge', async () => {
    const { add, arrive, stop, clock } = start();
    await settle();
    await arrive({ $case: 'directive', value: directive() });
    add(0);
    const stopped = stop();
    await clock.advanceAsync(1_000);
    await stopped;
  });
});
