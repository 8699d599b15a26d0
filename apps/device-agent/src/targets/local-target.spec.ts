import { DeadlineExceeded, FakeClock, InvalidInput } from '@weir/base';
import type { InferenceInput, RunRequest } from '@weir/inference';
import { common } from '@weir/proto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type LocalRunner, LocalTarget } from './local-target.ts';

let load = {
  slots: 2,
  inService: 2,
  queued: 1,
  backlogMs: 30,
  meanBacklogMs: 10,
  congestionPerMs: 0.01,
  utilization: 0.5,
};

function setUp(run?: LocalRunner['run']) {
  const clock = new FakeClock();
  const asked: RunRequest[] = [];
  const runner: LocalRunner = {
    load: () => load,
    run:
      run ??
      (async (request) => {
        asked.push(request);
        return {
          classIndex: 3,
          label: 'dog',
          confidence: 0.8,
          margin: 0.5,
          queueMs: 3,
          decodeMs: 1,
          computeMs: 6,
          batchSize: 2,
        };
      }),
  };
  const energyOf = ({ decodeMs, computeMs }: { decodeMs: number; computeMs: number }) => decodeMs + computeMs;
  const target = new LocalTarget({ deviceId: 'd', runner, clock, energyOf });
  const infer = (content: common.Input['content']) =>
    target.run({
      variant: 'v',
      input: { content },
      deadlineAt: 100,
      signal: new AbortController().signal,
    });
  return { clock, asked, target, infer };
}

describe('LocalTarget', () => {
  it('runs what nobody waits for in the background', async () => {
    const { target, asked } = setUp();
    const input = { content: { $case: 'encodedImage', value: Buffer.from('png') } } as const;
    const { signal } = new AbortController();
    await target.run({ variant: 'v', input, deadlineAt: 100, signal, background: true });
    await target.run({ variant: 'v', input, deadlineAt: 100, signal });
    expect(asked).toMatchObject([{ background: true }, { background: false }]);
  });

  it.each([
    [0, 0, true],
    [1, 0, false],
    [0, 1, false],
  ])('with %d running and %d waiting is idle: %s', (inService, queued, idle) => {
    const busy = load;
    onTestFinished(() => void (load = busy));
    load = { ...load, inService, queued };
    expect(setUp().target.idle).toBe(idle);
  });

  it('answers without a network, with the energy and the concurrency that the frame met', async () => {
    const { infer } = setUp();
    expect(await infer({ $case: 'encodedImage', value: Buffer.from('png') })).toEqual({
      classification: { classIndex: 3, label: 'dog', confidence: 0.8, margin: 0.5 },
      hops: { uplinkMs: 0, queueMs: 3, decodeMs: 1, computeMs: 6, downlinkMs: 0 },
      energyJ: 7,
      concurrency: 3,
      batchSize: 2,
    });
  });

  it('gives the outputs of a model that is no classifier, and no classification', async () => {
    const data = Uint8Array.of(1, 2);
    const outputs = [{ name: 'boxes', dtype: 'uint8' as const, shape: [2], data }];
    const { infer } = setUp(async () => ({
      task: 'tensor',
      classIndex: 0,
      label: '',
      confidence: 1,
      margin: 1,
      outputs,
      queueMs: 0,
      decodeMs: 0,
      computeMs: 1,
      batchSize: 1,
    }));
    const tensor = { shape: [2], dataType: common.DataType.UINT8, data };
    const tensors = [{ name: 'x', tensor }];
    expect(await infer({ $case: 'tensors', value: { tensors } })).toMatchObject({
      classification: undefined,
      outputs: [{ name: 'boxes', tensor }],
    });
  });

  it('names the fields of the message, not those of the runner', async () => {
    const { infer } = setUp(async () => {
      throw new InvalidInput([{ field: 'tensors[x].dtype', description: 'is int8' }]);
    });
    await expect(infer({ $case: 'encodedImage', value: Buffer.from('png') })).rejects.toThrow(
      'input.tensors[x].data_type: is int8',
    );
  });

  it('reports its load as the dispatcher expects it', () => {
    expect(setUp().target.load()).toEqual({
      nodeId: 'd',
      slots: 2,
      inService: 2,
      queued: 1,
      backlogMs: 30,
      meanBacklogMs: 10,
      congestionPerMs: 0.01,
      utilization: 0.5,
    });
  });

  it('passes pictures on unchanged and tensors in their own type, aligned or not', async () => {
    const { infer, asked } = setUp();
    const data = Buffer.from(
      new Uint8Array([0, ...new Uint8Array(new Float32Array([1, 2]).buffer)]),
    ).subarray(1);
    const { FLOAT32, UINT8 } = common.DataType;
    await infer({ $case: 'encodedImage', value: Buffer.from('png') });
    await infer({ $case: 'tensor', value: { shape: [1, 2], dataType: FLOAT32, data } });
    await infer({ $case: 'tensor', value: { shape: [1, 2], dataType: UINT8, data: Buffer.from([7, 8]) } });
    expect(asked.map(({ input }) => input)).toEqual<InferenceInput[]>([
      { image: Buffer.from('png') },
      { shape: [1, 2], tensor: expect.anything() as Uint8Array, dtype: 'float32' },
      { shape: [1, 2], tensor: Buffer.from([7, 8]), dtype: 'uint8' },
    ]);
  });

  it('does not wait for a run that outlasts the deadline', async () => {
    const { infer, clock } = setUp(() => new Promise(() => {}));
    const result = infer({ $case: 'encodedImage', value: Buffer.from('png') });
    result.catch(() => {});
    clock.advance(100);
    await expect(result).rejects.toBeInstanceOf(DeadlineExceeded);
  });
});
