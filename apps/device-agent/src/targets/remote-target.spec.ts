import {
  Cancelled,
  DeadlineExceeded,
  FakeClock,
  Internal,
  InvalidInput,
  NotFound,
  ResourceExhausted,
  seededRandom,
  silentLogger,
  Unavailable,
} from '@weir/base';
import type { NodeReport } from '@weir/domain';
import { common, worker } from '@weir/proto';
import { toStatus } from '@weir/rpc';
import type { Listing } from '@weir/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '@weir/wire';
import { FakeDuplex } from '../policy/fake-duplex.fixture.ts';
import { RemoteTarget, type RemoteTargetOptions } from './remote-target.ts';
import type { TargetRequest } from './target.ts';

type Duplex = FakeDuplex<worker.StreamInferRequest, worker.StreamInferResponse>;

let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const edgeLoad = (over: Partial<common.NodeLoad>) => ({
  ...common.NodeLoad.fromPartial({ nodeId: 'edge-1', tier: common.Tier.EDGE, slots: 1 }),
  ...over,
});
const input: common.Input = { content: { $case: 'encodedImage', value: Buffer.alloc(100) } };
const picture = (over: Partial<TargetRequest> = {}): TargetRequest => ({
  variant: 'v',
  input,
  deadlineAt: 1_000,
  signal: new AbortController().signal,
  ...over,
});

function start(over: Partial<RemoteTargetOptions> = {}) {
  const clock = new FakeClock();
  const streams: Duplex[] = [];
  const reachable: boolean[] = [];
  const target = new RemoteTarget({
    nodeId: 'edge-1',
    tier: 'edge',
    openStream: (signal) => {
      streams.push(new FakeDuplex(signal));
      return streams.at(-1)!;
    },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    onReachable: (now) => reachable.at(-1) !== now && reachable.push(now),
    ...over,
  });
  cleanUps.push(() => target[Symbol.asyncDispose]());
  const stream = () => streams.at(-1)!;
  const messages = <Case extends string>($case: Case) =>
    stream().sent.flatMap(({ message }) => (message?.$case === $case ? [message.value] : [])) as Extract<
      NonNullable<worker.StreamInferRequest['message']>,
      { $case: Case }
    >['value'][];
  /** Answers the newest ping. */
  const pong = async (workerMs = 0) => {
    const { sequence } = messages('ping').at(-1)!;
    stream().arrive({ message: { $case: 'pong', value: { sequence, workerMs } } });
    await settle();
  };
  const answer = async (over: Partial<worker.InferResponse> = {}) => {
    const { requestId } = messages('infer').at(-1)!;
    const value = worker.InferResponse.fromPartial({ requestId, classification: { label: 'cat' }, ...over });
    stream().arrive({ message: { $case: 'result', value } });
    await settle();
  };
  return { clock, streams, stream, reachable, target, messages, pong, answer };
}

async function startReachable(over: Partial<RemoteTargetOptions> = {}) {
  const started = start(over);
  await settle();
  await started.pong();
  return started;
}

describe('RemoteTarget', () => {
  it('pings as soon as its stream opens and takes frames once the worker has answered', async () => {
    const { target, messages, pong, clock } = start();
    await settle();
    expect(messages('ping')).toHaveLength(1);
    await expect(target.run(picture())).rejects.toBeInstanceOf(Unavailable);
    clock.advance(20);
    await pong(4);
    expect(target.reachable).toBe(true);
    expect(target.link.state().roundTripMs).toBe(16);
  });

  it('sends the picture unchanged and returns the answer with its hops', async () => {
    const { target, messages, answer, clock, pong } = start();
    await settle();
    clock.advance(10);
    await pong();
    const result = target.run(picture({ deadlineAt: 1_010 }));
    expect(messages('infer')[0]).toMatchObject({ variant: 'v', input, timeoutMs: 1_000 });
    clock.advance(100);
    const figures = { queueMs: 10, decodeMs: 5, computeMs: 25, workerMs: 40, energyJ: 2 };
    await answer({ ...figures, concurrency: 3, batchSize: 4 });
    expect(await result).toMatchObject({
      hops: { uplinkMs: 55, queueMs: 10, decodeMs: 5, computeMs: 25, downlinkMs: 5 },
      energyJ: 2,
      concurrency: 3,
      batchSize: 4,
      classification: { label: 'cat' },
    });
  });

  it('says in its message whether anybody waits for the answer', async () => {
    const { target, messages, answer } = await startReachable();
    const results = [target.run(picture()), target.run(picture({ background: true }))];
    expect(messages('infer').map(({ background }) => background)).toEqual([false, true]);
    results.forEach((result) => void result.catch(() => {}));
    await answer();
  });

  it('is idle while nothing runs or waits there by its last report, and nothing of this device is under way', async () => {
    const { target, stream, answer } = await startReachable();
    const report = async (load: Partial<common.NodeLoad>) => {
      stream().arrive({ message: { $case: 'load', value: edgeLoad(load) } });
      await settle();
    };
    expect(target.idle).toBe(false);
    await report({ inService: 0, queued: 0 });
    expect(target.idle).toBe(true);
    await report({ inService: 1 });
    expect(target.idle).toBe(false);
    await report({ queued: 1 });
    expect(target.idle).toBe(false);
    await report({});
    const result = target.run(picture());
    expect(target.idle).toBe(false);
    await answer();
    await result;
    expect(target.idle).toBe(true);
    stream().finish(new Unavailable('broken'));
    await settle();
    expect(target.idle).toBe(false);
  });

  it('adds what the radio spends while the frame is on the network', async () => {
    const { target, answer, clock } = await startReachable({ radioJPerMs: 0.01 });
    const result = target.run(picture());
    clock.advance(100);
    await answer({ workerMs: 40, computeMs: 40, energyJ: 1 });
    expect((await result).energyJ).toBeCloseTo(1.6);
  });

  it('matches answers to requests whatever their order', async () => {
    const { target, stream } = await startReachable();
    const [first, second] = [target.run(picture()), target.run(picture())];
    for (const requestId of ['2', '1']) {
      const value = worker.InferResponse.fromPartial({ requestId, classification: { label: requestId } });
      stream().arrive({ message: { $case: 'result', value } });
    }
    expect((await first).classification!.label).toBe('1');
    expect((await second).classification!.label).toBe('2');
  });

  it('passes tensors on as they are, both ways, for a model that is no classifier', async () => {
    const { target, messages, answer } = await startReachable();
    const { FLOAT32, INT64 } = common.DataType;
    const named = (name: string, dataType: common.DataType, data: Buffer): common.NamedTensor => ({
      name,
      tensor: { shape: [1], dataType, data },
    });
    const tensors = [named('x', FLOAT32, Buffer.alloc(4, 1)), named('y', FLOAT32, Buffer.alloc(4))];
    const input: common.Input = { content: { $case: 'tensors', value: { tensors } } };
    const result = target.run({ ...picture(), input, wantOutputs: true });
    expect(messages('infer').at(-1)).toMatchObject({ input, wantOutputs: true });
    const outputs = [named('z', INT64, Buffer.alloc(8, 2))];
    await answer({ classification: undefined, outputs });
    expect(await result).toMatchObject({ classification: undefined, outputs });
  });

  it.each([
    ['says nothing at all', []],
    ['says more than an answer holds', [Buffer.alloc(limits.tensorBytes + 1)]],
  ])('takes no answer that %s', async (_, given) => {
    const { target, answer } = await startReachable();
    const result = target.run(picture());
    result.catch(() => {});
    const tensorOf = (data: Buffer) => ({ shape: [], dataType: common.DataType.UINT8, data });
    await answer({
      classification: undefined,
      outputs: given.map((data) => ({ name: 'z', tensor: tensorOf(data) })),
    });
    await expect(result).rejects.toThrow(Internal);
  });

  it('keeps no more of a label than a name needs', async () => {
    const { target, answer } = await startReachable();
    const result = target.run(picture());
    await answer({ classification: { classIndex: 0, label: 'x'.repeat(10_000), confidence: 1, margin: 1 } });
    expect((await result).classification!.label).toBe('x'.repeat(256));
  });

  it('fails one frame when the worker fails it, and keeps the stream', async () => {
    const { target, stream, streams, answer } = await startReachable();
    const result = target.run(picture());
    const status = toStatus(new InvalidInput([{ field: 'input', description: 'broken' }]));
    stream().arrive({ message: { $case: 'failure', value: { requestId: '1', status, load: undefined } } });
    await expect(result).rejects.toBeInstanceOf(InvalidInput);
    const next = target.run(picture());
    await answer();
    await next;
    expect(streams).toHaveLength(1);
  });

  it('gives up at the deadline and tells the worker', async () => {
    const { target, messages, clock, answer } = await startReachable();
    const result = target.run(picture({ deadlineAt: 50 }));
    result.catch(() => {});
    clock.advance(49);
    expect(messages('cancel')).toEqual([]);
    clock.advance(1);
    await expect(result).rejects.toBeInstanceOf(DeadlineExceeded);
    expect(messages('cancel')).toEqual([{ requestId: '1' }]);
    await answer();
    expect(target.inFlight).toBe(0);
  });

  it('cancels at the worker when the frame is cancelled', async () => {
    const { target, messages } = await startReachable();
    const stop = new AbortController();
    const result = target.run(picture({ signal: stop.signal }));
    stop.abort();
    await expect(result).rejects.toBeInstanceOf(Cancelled);
    expect(messages('cancel')).toEqual([{ requestId: '1' }]);
    await expect(target.run(picture({ signal: stop.signal }))).rejects.toBeInstanceOf(Cancelled);
    expect(messages('infer')).toHaveLength(1);
  });

  it('says that it is silent though its stream stands, and when it answers again', async () => {
    const faults: (string | undefined)[] = [];
    const { clock, streams, pong } = await startReachable({ onFault: (fault) => faults.push(fault?.cause) });
    for (let second = 0; second < 30; second++) await clock.advanceAsync(1_000);
    expect(faults).toEqual(['silent']);
    await pong();
    for (let second = 0; second < 5; second++) await clock.advanceAsync(1_000);
    expect(faults).toEqual(['silent', undefined]);
    expect(streams).toHaveLength(1);
  });

  it('fails everything in flight at once when the stream breaks, and opens another one', async () => {
    const { target, stream, streams, clock, pong, reachable } = await startReachable();
    const results = Promise.allSettled([target.run(picture()), target.run(picture())]);
    stream().finish(new Unavailable('connection lost'));
    for (const result of await results)
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(Unavailable);
    expect(target.reachable).toBe(false);
    await settle();
    await clock.advanceAsync(200);
    expect(streams).toHaveLength(2);
    await pong();
    expect(reachable).toEqual([true, false, true]);
  });

  it('refuses frames beyond its limit', async () => {
    const { target } = await startReachable({ maxInFlight: 1 });
    target.run(picture()).catch(() => {});
    await expect(target.run(picture())).rejects.toBeInstanceOf(ResourceExhausted);
  });

  it('sends no frames to a worker that answers no ping, fails those in flight after 5 s, and recovers with a pong', async () => {
    const { target, clock, pong } = await startReachable();
    const result = target.run(picture({ deadlineAt: 60_000 }));
    let failure: unknown;
    result.catch((error: unknown) => (failure = error));
    await clock.advanceAsync(2_000);
    expect(target.reachable).toBe(true);
    await clock.advanceAsync(1_000);
    expect(target.reachable).toBe(false);
    await clock.advanceAsync(2_000);
    expect(failure).toBeUndefined();
    await clock.advanceAsync(1_000);
    expect(failure).toBeInstanceOf(Unavailable);
    await pong();
    expect(target.reachable).toBe(true);
  });

  it('sends nothing to a worker that drains, while its answers still count', async () => {
    const { target, stream, answer, pong } = await startReachable();
    const result = target.run(picture());
    const load = common.NodeLoad.fromPartial({ nodeId: 'edge-1', draining: true });
    stream().arrive({ message: { $case: 'load', value: load } });
    await settle();
    expect(target.reachable).toBe(false);
    await pong();
    expect(target.reachable).toBe(false);
    await answer();
    expect((await result).classification!.label).toBe('cat');
  });

  it('passes every load on, those of answers too', async () => {
    const reports: NodeReport[] = [];
    const { target, stream, answer } = await startReachable({ onLoad: (report) => reports.push(report) });
    stream().arrive({ message: { $case: 'load', value: edgeLoad({ queued: 1 }) } });
    const result = target.run(picture());
    await answer({ load: edgeLoad({ queued: 2 }) });
    await result;
    expect(reports.map(({ load }) => load.queued)).toEqual([1, 2]);
    expect(target.load?.value.load.queued).toBe(2);
  });

  it('reports the worker under the name and tier of the target, whatever it calls itself, and says what that is', async () => {
    const reports: NodeReport[] = [];
    const claims: unknown[] = [];
    const { stream, target } = await startReachable({
      onLoad: (report) => reports.push(report),
      onClaim: (claim) => claims.push(claim),
    });
    for (const nodeId of ['worker-1', 'worker-1', '']) {
      const value = edgeLoad({ nodeId, tier: common.Tier.CLOUD, instanceId: 'run-1' });
      stream().arrive({ message: { $case: 'load', value } });
      await settle();
    }
    expect(reports.map(({ node, load }) => [node.id, node.tier, load.nodeId])).toEqual(
      Array.from({ length: 3 }, () => ['edge-1', 'edge', 'edge-1']),
    );
    expect(target.load?.value.node.id).toBe('edge-1');
    stream().end();
    await settle();
    const claim = { tier: 'cloud', instanceId: 'run-1' };
    expect(claims).toEqual([{ nodeId: 'worker-1', ...claim }, { nodeId: '', ...claim }, undefined]);
  });

  it('hands on what is usable of a load, and says each fault once', async () => {
    const told: unknown[] = [];
    const reports: NodeReport[] = [];
    const { stream } = await startReachable({
      onLoad: (report) => reports.push(report),
      logger: { ...silentLogger, warn: (fields) => told.push(fields) },
    });
    const services = [
      { variant: 'v', serviceMs: NaN, energyJ: 0 },
      { variant: 'w', serviceMs: 3, energyJ: 0 },
    ];
    for (const slots of [2, 2, 0])
      stream().arrive({ message: { $case: 'load', value: edgeLoad({ slots, backlogMs: NaN, services }) } });
    await settle();
    expect(reports.map(({ load, services }) => [load.backlogMs, [...services]])).toEqual([
      [0, [['w', 3]]],
      [0, [['w', 3]]],
    ]);
    expect(told).toMatchObject([
      { leftOut: [{ field: 'load.services[0].service_ms' }, { field: 'load.backlog_ms' }] },
      { leftOut: [{ field: 'load.slots' }] },
    ]);
  });

  it('measures the rate with a larger ping after the first', async () => {
    const { messages, clock, pong, target } = start();
    await settle();
    clock.advance(10);
    await pong();
    expect(messages('ping')[1]?.payload).toHaveLength(16 * 1024);
    clock.advance(10 + (16 * 1024 * 8) / 1_000);
    await pong();
    expect(target.link.state().uplinkBitsPerSecond).toBeCloseTo(1_000_000, 3);
  });

  describe('with a handshake', () => {
    /** A worker that is asked what it serves; `listed` answers the newest question. */
    async function startAsked() {
      const questions: PromiseWithResolvers<Listing | undefined>[] = [];
      const reports: NodeReport[] = [];
      const started = start({
        onLoad: (report) => reports.push(report),
        handshake: {
          ask: () => {
            questions.push(Promise.withResolvers());
            return questions.at(-1)!.promise;
          },
          compare: ({ labels }) => new Set(labels),
        },
      });
      await settle();
      const loadOf = (instanceId: string) =>
        edgeLoad({
          instanceId,
          services: ['v', 'w'].map((variant) => ({ variant, serviceMs: 1, energyJ: 0 })),
        });
      const load = async (instanceId: string) => {
        started.stream().arrive({ message: { $case: 'load', value: loadOf(instanceId) } });
        await settle();
      };
      /** `foreign`: names that mean other models there. */
      const listed = async (instanceId: string, ...foreign: string[]) => {
        questions.at(-1)!.resolve({ variants: [], labels: foreign, instanceId });
        await settle();
      };
      return { ...started, questions, reports, loadOf, load, listed };
    }

    it('takes frames once the worker has said what it serves, and tells no load of it before', async () => {
      const { target, reports, load, listed, pong, reachable } = await startAsked();
      await load('run-1');
      await pong();
      expect([target.reachable, reports]).toEqual([false, []]);
      await expect(target.run(picture())).rejects.toBeInstanceOf(Unavailable);
      await listed('run-1');
      expect(reachable).toEqual([true]);
      expect(reports.map(({ node }) => node.variants)).toEqual([['v', 'w']]);
    });

    it('serves nothing by a name that means another model there', async () => {
      const { target, reports, load, listed, pong } = await startAsked();
      await load('run-1');
      await listed('run-1', 'v');
      await pong();
      expect(reports.map(({ node, services }) => [node.variants, [...services.keys()]])).toEqual([
        [['w'], ['w']],
      ]);
      await expect(target.run(picture({ variant: 'v' }))).rejects.toBeInstanceOf(NotFound);
      target.run(picture({ variant: 'w' })).catch(() => {});
      expect(target.inFlight).toBe(1);
    });

    it('takes no answer of a run that it has not asked, and asks it', async () => {
      const { target, questions, load, loadOf, listed, pong, answer, reachable } = await startAsked();
      await load('run-1');
      await listed('run-1');
      await pong();
      const results = Promise.allSettled([target.run(picture()), target.run(picture())]);
      await answer({ requestId: '2', load: loadOf('run-2') });
      // Of which run an answer without a load is, nobody knows.
      await answer({ requestId: '1' });
      for (const result of await results)
        expect((result as PromiseRejectedResult).reason).toBeInstanceOf(Unavailable);
      expect([target.reachable, questions.length]).toEqual([false, 2]);
      await listed('run-2');
      expect(reachable).toEqual([true, false, true]);
      const result = target.run(picture());
      await answer({ load: loadOf('run-2') });
      expect((await result).classification?.label).toBe('cat');
    });

    it('asks again at the next ping when nobody answered', async () => {
      const { target, questions, load, listed, pong, clock } = await startAsked();
      await load('run-1');
      questions[0]!.reject(new Unavailable('gone'));
      await settle();
      await clock.advanceAsync(1_000);
      await pong();
      expect([target.reachable, questions.length]).toEqual([false, 2]);
      await listed('run-1');
      expect(target.reachable).toBe(true);
    });

    it('asks a worker that says nothing of itself once it echoes', async () => {
      const { target, questions, pong } = await startAsked();
      await pong();
      expect([target.reachable, questions.length]).toEqual([false, 1]);
      questions[0]!.resolve(undefined);
      await settle();
      expect(target.reachable).toBe(true);
    });

    it('asks again on the next stream, though it is the same run', async () => {
      const { target, questions, load, listed, pong, stream, clock } = await startAsked();
      await load('run-1');
      await listed('run-1');
      await pong();
      stream().finish(new Unavailable('connection lost'));
      await settle();
      await clock.advanceAsync(200);
      await load('run-1');
      await pong();
      expect([target.reachable, questions.length]).toEqual([false, 2]);
    });
  });
});
