import {
  Cancelled,
  DeadlineExceeded,
  FailedPrecondition,
  FakeClock,
  Internal,
  InvalidInput,
  NotFound,
  ResourceExhausted,
  silentLogger,
  Unavailable,
} from '@weir/base';
import type { NodeReport } from '@weir/domain';
import { inference } from '@weir/proto';
import { afterEach, describe, expect, it } from 'vitest';
import type { TargetRequest } from '../target.ts';
import { OipTarget, type OipTargetOptions } from './oip-target.ts';
import { logits, mapped, preprocessor, ScriptedServer } from './scripted-server.fixture.ts';
import type { Survey } from './survey.ts';

let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};
const frame = (over: Partial<TargetRequest> = {}): TargetRequest => ({
  variant: 'small',
  input: { content: { $case: 'encodedImage', value: Buffer.alloc(100) } },
  deadlineAt: 100_000,
  signal: new AbortController().signal,
  ...over,
});

async function start(server: ScriptedServer, over: Partial<OipTargetOptions> = {}) {
  const clock = new FakeClock(1_000);
  const reachable: boolean[] = [];
  const surveys: Survey[] = [];
  const loads: NodeReport[] = [];
  const target = new OipTarget({
    nodeId: 'cloud-1',
    tier: 'cloud',
    server,
    models: () => [mapped('small', 'tiny', '3'), mapped('large', 'huge')],
    picture: Buffer.alloc(10),
    preprocessor,
    clock,
    logger: silentLogger,
    onReachable: (now) => reachable.at(-1) !== now && reachable.push(now),
    onSurvey: (survey) => surveys.push(survey),
    onLoad: (report) => loads.push(report),
    ...over,
  });
  cleanUps.push(() => target[Symbol.asyncDispose]());
  await settle();
  return { clock, target, reachable, surveys, loads };
}

/** Answers all frames `ms` later, from now on. */
function answerAfter(server: ScriptedServer, clock: FakeClock, ms: number) {
  server.answer = () => new Promise((resolve) => void clock.after(ms, () => resolve(logits([0, 2]))));
}
const advance = async (clock: FakeClock, ms: number) => {
  await clock.advanceAsync(ms);
  await settle();
};

describe('OipTarget', () => {
  it('takes frames once the models have been asked about and tried', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, reachable, loads, surveys } = await start(server);
    expect(reachable).toEqual([true]);
    expect([...surveys[0]!.served.keys()]).toEqual(['small', 'large']);
    expect(server.asked.map(({ request }) => request.modelName)).toEqual([
      ...Array<string>(3).fill('tiny'),
      ...Array<string>(3).fill('huge'),
    ]);
    expect(loads.at(-1)!.node).toMatchObject({ id: 'cloud-1', tier: 'cloud', variants: ['small', 'large'] });
    expect(target.frameBytes).toBe(48);
  });

  it('tells once why its server cannot be reached, and when it can again', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const faults: (string | undefined)[] = [];
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => void lines.push(message) };
    const { clock } = await start(server, { logger, onFault: (fault) => faults.push(fault?.cause) });
    const refused = new Unavailable('Last error: connect ECONNREFUSED 10.0.0.7:8001');
    server.lives = () => Promise.reject(refused);
    for (let beat = 0; beat < 10; beat++) await advance(clock, 1_000);
    expect(lines).toEqual(['peer cannot be reached: nobody listens at its address']);
    server.lives = async () => true;
    await advance(clock, 1_000);
    expect(faults).toEqual(['refused', undefined]);
  });

  it('prepares the picture, asks the mapped model, and says what its output says', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, clock } = await start(server);
    answerAfter(server, clock, 30);
    const trace = { traceparent: '00-1-2-01', tracestate: '' };
    const answer = target.run(frame({ trace, wantOutputs: true }));
    await advance(clock, 30);
    const { request, call } = server.frames[0]!;
    expect(request).toMatchObject({
      modelName: 'tiny',
      modelVersion: '3',
      inputs: [{ name: 'pixels', datatype: 'FP32', shape: [1n, 3n, 2n, 2n] }],
      outputs: [{ name: 'logits' }],
    });
    expect(request.rawInputContents[0]).toHaveLength(48);
    expect(call).toMatchObject({ trace, deadlineAt: 100_000 });
    expect(await answer).toMatchObject({
      classification: { label: 'shirt', classIndex: 1, confidence: expect.closeTo(0.881, 3) as number },
      outputs: [{ name: 'logits' }],
      // The trials took no time: all that this one took is told to have been waiting.
      hops: { uplinkMs: 0, decodeMs: 2, queueMs: 30, computeMs: 0, downlinkMs: 0 },
      server: { preparedMs: 2, timesFrom: 'client' },
      concurrency: 0,
    });
  });

  it('tells queue and compute by the statistics of the server, where it has them', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    let count = 0;
    server.answer = async () => logits([0, ++count]);
    server.statisticsOf = async () => {
      const ns = (ms: number) => ({ count: BigInt(count), ns: BigInt(count * ms * 1e6) });
      const stats = {
        success: ns(0),
        queue: ns(1),
        computeInput: ns(2),
        computeInfer: ns(18),
        computeOutput: ns(0),
      };
      return [inference.ModelStatistics.fromPartial({ inferenceStats: stats })];
    };
    const { target, clock, loads } = await start(server);
    expect(loads.at(-1)!.services.get('small')).toBeCloseTo(22);
    answerAfter(server, clock, 30);
    const answer = target.run(frame());
    await advance(clock, 30);
    expect(await answer).toMatchObject({
      hops: { computeMs: 20, queueMs: 10, decodeMs: 2 },
      server: { timesFrom: 'statistics' },
    });
  });

  it('takes the times that an answer tells itself', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, clock } = await start(server);
    const text = (value: string) => ({ parameterChoice: { $case: 'stringParam' as const, value } });
    server.answer = async () => {
      await clock.advanceAsync(50);
      const times = { weir_queue_ms: text('10'), weir_decode_ms: text('1'), weir_compute_ms: text('25') };
      return { ...logits([0, 2]), parameters: times };
    };
    expect(await target.run(frame())).toMatchObject({
      hops: { queueMs: 10, decodeMs: 3, computeMs: 25, uplinkMs: 7, downlinkMs: 7 },
      server: { timesFrom: 'answer' },
    });
  });

  it.each<[string, (server: ScriptedServer) => void, string]>([
    ['a name that the server lacks', (server) => server.models.delete('huge'), 'huge is not there'],
    [
      'another shape',
      (server) =>
        server.models.set('huge', {
          inputs: [{ name: 'pixels', datatype: 'FP32', shape: [-1n, 3n, 4n, 4n] }],
        }),
      'huge takes pixels FP32[-1,3,4,4], and not pixels FP32[-1,3,2,2]',
    ],
    [
      'another checksum',
      (server) => server.configs.set('huge', { parameters: { weir_checksum: { stringValue: 'x' } } }),
      'huge is another by its weir_checksum',
    ],
    [
      'outputs of another length, though it tells none',
      (server) => {
        server.models.set('huge', {});
        server.answer = async ({ request }) => logits(request.modelName === 'huge' ? [1, 2, 3] : [0, 2]);
      },
      'huge fails when tried: large gave logits float32[1, 3] for 2 labels',
    ],
    [
      'outputs that are not finite',
      (server) =>
        (server.answer = async ({ request }) => logits(request.modelName === 'huge' ? [NaN, 2] : [0, 2])),
      'huge fails when tried: large gave an output that is not finite',
    ],
    [
      'refusals',
      (server) =>
        (server.answer = async ({ request }) => {
          if (request.modelName === 'huge') throw new InvalidInput([{ field: 'x', description: 'no' }]);
          return logits([0, 2]);
        }),
      'huge fails when tried',
    ],
  ])('leaves out a model with %s, says so, and takes it once it is good', async (_what, spoil, said) => {
    const server = new ScriptedServer('tiny', 'huge');
    const good = new ScriptedServer('tiny', 'huge');
    spoil(server);
    const { target, surveys, loads, clock } = await start(server);
    expect(surveys[0]!.misfits.get('large')).toContain(said);
    expect(loads.at(-1)!.node.variants).toEqual(['small']);
    await expect(target.run(frame({ variant: 'large' }))).rejects.toBeInstanceOf(NotFound);
    server.models = good.models;
    server.configs.clear();
    server.answer = good.answer;
    await advance(clock, 3_000);
    expect(surveys.at(-1)!.misfits.size).toBe(0);
    await expect(target.run(frame({ variant: 'large' }))).resolves.toBeDefined();
  });

  it('passes over models that nobody has named and the server lacks', async () => {
    const models = [mapped('small', 'tiny'), { ...mapped('large', 'huge'), named: false }];
    const { surveys } = await start(new ScriptedServer('tiny'), { models: () => models });
    expect(surveys[0]).toMatchObject({ served: { size: 1 }, misfits: { size: 0 } });
  });

  it('takes up what the device’s own family has become, and tries only what is new', async () => {
    const server = new ScriptedServer('tiny', 'huge', 'newer');
    let models = [mapped('small', 'tiny'), mapped('large', 'huge')];
    const { target, clock, surveys } = await start(server, { models: () => models });
    server.asked.length = 0;
    models = [mapped('small', 'tiny'), mapped('medium', 'newer')];
    target.compareAgain();
    await advance(clock, 1_000);
    expect([...surveys.at(-1)!.served.keys()]).toEqual(['small', 'medium']);
    expect(new Set(server.asked.map(({ request }) => request.modelName))).toEqual(new Set(['newer']));
    await expect(target.run(frame({ variant: 'large' }))).rejects.toThrow('cloud-1 serves no large');
    // Another model under the same name is another variant.
    models = [{ ...mapped('small', 'tiny'), checksum: 'another' }];
    server.asked.length = 0;
    target.compareAgain();
    await advance(clock, 1_000);
    expect(server.asked).not.toEqual([]);
  });

  it('tries no further model where one has given no answer', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    server.answer = () => new Promise(() => {});
    const { surveys, clock, reachable } = await start(server);
    await advance(clock, 5_000);
    expect(surveys[0]!.misfits.get('small')).toContain('tiny/3 fails when tried: no answer');
    expect(surveys[0]!.misfits.get('large')).toContain('was not tried, as tiny/3 gave no answer');
    expect(reachable).not.toContain(true);
  });

  it('asks a server that is not ready yet again at the next ping, and blames no model', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { metadata } = server;
    server.metadata = () => Promise.reject(new Unavailable('the models are not warm yet'));
    const { surveys, reachable, clock } = await start(server);
    expect([surveys, reachable]).toEqual([[], []]);
    server.metadata = metadata;
    await advance(clock, 1_000);
    expect(reachable).toEqual([true]);
  });

  it('is unreachable while the connection is broken, and asks anew afterwards', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, reachable, surveys, clock } = await start(server);
    server.connected = false;
    server.answer = () => Promise.reject(new Unavailable('connection dropped'));
    server.lives = () => Promise.reject(new Unavailable('connection refused'));
    await expect(target.run(frame())).rejects.toBeInstanceOf(Unavailable);
    expect(reachable).toEqual([true, false]);
    await advance(clock, 2_000);
    expect(surveys).toHaveLength(1);
    Object.assign(server, { connected: true, lives: async () => true, answer: async () => logits([0, 2]) });
    await advance(clock, 1_000);
    expect(reachable).toEqual([true, false, true]);
    expect(surveys).toHaveLength(2);
  });

  it('stays reachable where only one call is refused', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, reachable } = await start(server);
    server.answer = () => Promise.reject(new Unavailable('the queue is full'));
    await expect(target.run(frame())).rejects.toThrow('the queue is full');
    expect(reachable).toEqual([true]);
  });

  it('sends nothing more after two pings without an answer, and fails what is in flight after five seconds', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, reachable, clock } = await start(server);
    server.lives = () => new Promise(() => {});
    server.answer = () => new Promise(() => {});
    const result = target.run(frame());
    result.catch(() => {});
    await advance(clock, 3_000);
    expect(reachable).toEqual([true, false]);
    await advance(clock, 3_000);
    await expect(result).rejects.toThrow('cloud-1 has fallen silent');
    expect(server.frames[0]!.call.signal.aborted).toBe(true);
  });

  it('ends a call whose frame has no time left or was cancelled', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, clock } = await start(server);
    server.answer = () => new Promise(() => {});
    const late = target.run(frame({ deadlineAt: clock.now() + 50 }));
    late.catch(() => {});
    await advance(clock, 50);
    await expect(late).rejects.toBeInstanceOf(DeadlineExceeded);
    const caller = new AbortController();
    const cancelled = target.run(frame({ signal: caller.signal }));
    await settle();
    caller.abort();
    await expect(cancelled).rejects.toBeInstanceOf(Cancelled);
    expect(server.frames.map(({ call }) => call.signal.aborted)).toEqual([true, true]);
  });

  it('asks anew about a model that is gone, that refuses its input or that answers as another', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, surveys, clock, loads } = await start(server);
    const faults: [() => Promise<inference.ModelInferResponse>, unknown][] = [
      [() => Promise.reject(new NotFound('no tiny')), NotFound],
      [() => Promise.reject(new InvalidInput([{ field: 'x', description: 'no' }])), FailedPrecondition],
      [async () => logits([1, 2, 3]), Internal],
    ];
    for (const [fault, expected] of faults) {
      server.answer = fault;
      await expect(target.run(frame())).rejects.toBeInstanceOf(expected);
      expect(loads.at(-1)!.node.variants).toEqual(['large']);
      await expect(target.run(frame())).rejects.toThrow('cloud-1 serves no small');
      server.answer = async () => logits([0, 2]);
      const before = surveys.length;
      await advance(clock, 1_000);
      expect(surveys).toHaveLength(before + 1);
      await target.run(frame());
    }
  });

  it('hands a bad picture back to whoever sent it', async () => {
    const prepare = async (image: Uint8Array) => {
      if (image.length === 100) throw new InvalidInput([{ field: 'image', description: 'is none' }]);
      return preprocessor.prepare(image, undefined as never);
    };
    const { target } = await start(new ScriptedServer('tiny', 'huge'), {
      preprocessor: { ...preprocessor, prepare },
    });
    await expect(target.run(frame())).rejects.toMatchObject({
      violations: [{ field: 'input.encoded_image', description: 'is none' }],
    });
  });

  it('infers its load from what is in flight and from how long what came back had waited', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, clock } = await start(server, { slots: 2 });
    answerAfter(server, clock, 20);
    const first = target.run(frame());
    await advance(clock, 20);
    await first;
    answerAfter(server, clock, 100);
    const three = [1, 2, 3].map(() => target.run(frame()));
    await settle();
    await advance(clock, 99);
    expect(target.idle).toBe(false);
    await advance(clock, 1);
    expect((await Promise.all(three)).map(({ concurrency }) => concurrency)).toEqual([0, 1, 2]);
    expect(target.load!.value.load).toMatchObject({ slots: 2, inService: 0, queued: 0, backlogMs: 100 });
    await advance(clock, 60);
    expect(target.idle).toBe(false);
    await advance(clock, 1_000);
    expect(target.load!.value.load.backlogMs).toBe(0);
    expect(target.idle).toBe(true);
  });

  it('believes the server about its instances', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const group = { name: 'cpu', kind: inference.ModelInstanceGroup_Kind.CPU };
    server.configs.set('tiny', {
      instanceGroup: [
        { ...group, count: 2 },
        { ...group, count: 1 },
      ],
    });
    const { loads } = await start(server);
    expect(loads.at(-1)!.node.slots).toBe(3);
  });

  it('does nothing in the background beside other work', async () => {
    const server = new ScriptedServer('tiny', 'huge');
    const { target, clock } = await start(server);
    answerAfter(server, clock, 20);
    const running = target.run(frame());
    await expect(target.run(frame({ background: true }))).rejects.toBeInstanceOf(ResourceExhausted);
    await advance(clock, 20);
    await running;
  });
});
