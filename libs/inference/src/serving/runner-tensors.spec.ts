import { InvalidInput, ResourceExhausted } from '@weir/base';
import { elementTypes, encodeStrings, maxTensorBytes, type NamedTensorValue } from '@weir/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifierNamed, loadFamily } from '../catalogue/manifest.ts';
import { type Runner, startRunner } from './runner.ts';
import { detector, every, familyOf, pictures, tensorModel, threshold } from './tensor-family.fixture.ts';

const everyType = tensorModel('every-type', {
  inputs: every('in', elementTypes),
  outputs: every('out', elementTypes),
});
const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
const samples: Record<NamedTensorValue['dtype'], Uint8Array> = {
  bool: Uint8Array.of(1, 0),
  int8: bytes(Int8Array.of(-128, 127)),
  int16: bytes(Int16Array.of(-32_768, 32_767)),
  int32: bytes(Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
  int64: bytes(BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)),
  uint8: Uint8Array.of(0, 255),
  uint16: bytes(Uint16Array.of(0, 65_535)),
  uint32: bytes(Uint32Array.of(0, 2 ** 32 - 1)),
  uint64: bytes(BigUint64Array.of(0n, 2n ** 64n - 1n)),
  // 1.0 and the smallest subnormal.
  float16: bytes(Uint16Array.of(0x3c00, 0x0001)),
  float32: bytes(Float32Array.of(-0, Infinity)),
  float64: bytes(Float64Array.of(Math.PI, -1e300)),
  string: encodeStrings(['', 'grün']),
};

const faultsOf = async (promise: Promise<unknown>) => {
  const error = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).violations;
};

describe('a runner of models that are no classifiers', () => {
  let runner: Runner;
  beforeAll(async () => {
    const family = { ...familyOf(detector), variants: [detector, everyType] };
    runner = await startRunner({ family, slots: 2 });
  });
  afterAll(() => runner[Symbol.asyncDispose]());
  const detect = (...tensors: NamedTensorValue[]) =>
    runner.run({ variant: detector.name, input: { tensors } });
  const echo = (change: Partial<Record<NamedTensorValue['dtype'], Partial<NamedTensorValue>>> = {}) =>
    runner.run({
      variant: everyType.name,
      input: {
        tensors: elementTypes.map((dtype) => ({
          name: `${dtype}_in`,
          dtype,
          shape: [2],
          data: samples[dtype],
          ...change[dtype],
        })),
      },
    });

  it('gives every output, in the order of the model, of the shape that this input has', async () => {
    const { task, outputs, label, margin, computeMs, queueMs } = await detect(
      threshold(0.5),
      pictures(2, 32, 80),
    );
    expect({ task, label, margin }).toEqual({ task: 'tensor', label: '', margin: 1 });
    expect(outputs!.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['boxes', 'float32', [2, 10, 4]],
      ['scores', 'float32', [2, 5, 10]],
      ['kept', 'int64', [expect.any(Number), 3]],
    ]);
    for (const { dtype, shape, data } of outputs!)
      expect(data.length).toBe(shape.reduce((a, b) => a * b, dtype === 'int64' ? 8 : 4));
    expect(Math.min(computeMs, queueMs + 1)).toBeGreaterThan(0);
  });

  it('answers with an empty tensor where nothing was found', async () => {
    const { outputs } = await detect(pictures(1, 64, 64), threshold(0.999));
    expect(outputs![2]).toMatchObject({ name: 'kept', shape: [0, 3] });
    expect(outputs![2]!.data).toHaveLength(0);
  });

  it('takes and gives every element type, bit by bit', async () => {
    const { outputs } = await echo();
    expect(Object.fromEntries(outputs!.map(({ dtype, data }) => [dtype, data]))).toEqual(samples);
    expect(outputs!.map(({ name }) => name)).toEqual(elementTypes.map((dtype) => `${dtype}_out`));
  });

  it('leaves the caller its bytes', async () => {
    const whole = bytes(Float32Array.of(7, 1, 2, 7));
    const { outputs } = await echo({ float32: { data: whole.subarray(4, 12) } });
    expect(outputs!.find(({ dtype }) => dtype === 'float32')!.data).toEqual(bytes(Float32Array.of(1, 2)));
    expect(whole).toHaveLength(16);
  });

  it.each<[string, string, Parameters<typeof echo>[0]]>([
    ['a type', 'tensors[int8_in].dtype', { int8: { dtype: 'uint8' } }],
    ['a rank', 'tensors[int8_in].shape', { int8: { shape: [1, 2] } }],
    ['no elements', 'tensors[int8_in].shape', { int8: { shape: [0], data: new Uint8Array() } }],
    ['a shape that is none', 'tensors[int8_in].shape', { int8: { shape: [1.5] } }],
    ['bytes', 'tensors[int64_in].data', { int64: { data: new Uint8Array(15) } }],
    ['a truth that is neither', 'tensors[bool_in].data', { bool: { data: Uint8Array.of(0, 2) } }],
    ['too few strings', 'tensors[string_in].data', { string: { data: encodeStrings(['one']) } }],
    ['a string cut short', 'tensors[string_in].data', { string: { data: Uint8Array.of(9, 0, 0, 0, 65) } }],
    ['a string with a NUL', 'tensors[string_in].data', { string: { data: encodeStrings(['', 'a\u0000b']) } }],
    ['half a length', 'tensors[string_in].data', { string: { data: Uint8Array.of(9, 0) } }],
    [
      'a string that is no text',
      'tensors[string_in].data',
      { string: { data: Uint8Array.of(1, 0, 0, 0, 255, 0, 0, 0, 0) } },
    ],
  ])('refuses %s that the model does not take, naming the field', async (_, field, change) => {
    expect((await faultsOf(echo(change))).map((fault) => fault.field)).toEqual([field]);
  });

  it('names every input that is missing, unknown or given twice, and what the model takes', async () => {
    const stranger = { ...threshold(0), name: 'iou' };
    const faults = await faultsOf(detect(threshold(0), threshold(0), stranger));
    expect(faults.map(({ field }) => field)).toEqual([
      'tensors[threshold]',
      'tensors[iou]',
      'tensors[images]',
    ]);
    expect(faults[2]!.description).toContain('images float32[-1, 3, -1, -1]');
  });

  it('takes no picture and no tensor without a name', async () => {
    const run = (input: Parameters<Runner['run']>[0]['input']) =>
      runner.run({ variant: detector.name, input });
    expect(await faultsOf(run({ image: new Uint8Array(1) }))).toMatchObject([{ field: 'image' }]);
    const tensor = { tensor: new Uint8Array(4), shape: [1], dtype: 'float32' as const };
    expect(await faultsOf(run(tensor))).toMatchObject([{ field: 'tensor' }]);
  });

  it('blames the input that the model fails on, and goes on', async () => {
    const [fault] = await faultsOf(detect(pictures(1, 4, 4), threshold(0)));
    expect(fault).toMatchObject({ field: 'tensors', description: expect.stringContaining('Conv') as string });
    expect((await detect(pictures(1, 64, 64), threshold(0))).outputs).toHaveLength(3);
  });

  it('answers background work alike', async () => {
    const input = { tensors: [pictures(1, 64, 64), threshold(0)] };
    const { outputs } = await runner.run({ variant: detector.name, input, background: true });
    expect(outputs).toEqual((await runner.run({ variant: detector.name, input })).outputs);
  });
});

describe('a runner whose model says too much', () => {
  it('refuses the input that an answer of more than a message would be to', async () => {
    const strings = tensorModel('every-type', {
      inputs: every('in', elementTypes),
      outputs: every('out', elementTypes),
    });
    await using runner = await startRunner({ family: familyOf(strings), queueLimit: 1 });
    const length = maxTensorBytes / 8;
    const tensors = elementTypes.map((dtype) => {
      const elements = dtype === 'float64' ? length : 1;
      const data =
        dtype === 'string' ? encodeStrings(['']) : new Uint8Array(elements * (samples[dtype].length / 2));
      return { name: `${dtype}_in`, dtype, shape: [elements], data };
    });
    const [fault] = await faultsOf(runner.run({ variant: strings.name, input: { tensors } }));
    expect(fault!.description).toMatch(/at most 8323072/);
  });

  it('emulates a slower processor, and bounds its queue', async () => {
    await using runner = await startRunner({
      family: familyOf(detector),
      queueLimit: 1,
      dilation: { factor: 60 },
    });
    const input = { tensors: [pictures(1, 64, 64), threshold(0)] };
    const run = () => runner.run({ variant: detector.name, input });
    const [first, second] = [run(), run()];
    await expect(run()).rejects.toThrow(ResourceExhausted);
    for (const { computeMs, batchSize } of await Promise.all([first, second])) {
      expect(computeMs).toBeGreaterThanOrEqual(59.9);
      expect(batchSize).toBe(1);
    }
  });
});

describe('a runner of classifiers', () => {
  it('takes the tensor by its name too, and gives its outputs when asked', async () => {
    const family = await loadFamily();
    const name = 'mobilenet-v1-0.25-fp32';
    const { input } = classifierNamed(family, name);
    await using runner = await startRunner({ family, variants: [name] });
    const data = new Uint8Array(4 * 3 * 64 * 64).fill(60);
    const named = { name: input.name, dtype: 'float32' as const, shape: [1, 3, 64, 64], data };
    const run = (tensor: NamedTensorValue, wantOutputs = false) =>
      runner.run({ variant: name, input: { tensors: [tensor] }, wantOutputs });
    const plain = await runner.run({
      variant: name,
      input: { tensor: data, shape: named.shape, dtype: 'float32' },
    });
    expect(await run(named)).toMatchObject({ label: plain.label, confidence: plain.confidence });
    expect((await run(named)).outputs).toBeUndefined();
    const { outputs } = await run(named, true);
    expect(outputs).toMatchObject([{ name: 'logits', dtype: 'float32', shape: [1, 10] }]);
    const logits = [...new Float32Array(outputs![0]!.data.slice().buffer)];
    expect(logits.indexOf(Math.max(...logits))).toBe(plain.classIndex);
    expect(await faultsOf(run({ ...named, name: 'x' }))).toMatchObject([{ field: 'tensors' }]);
    expect(await faultsOf(run({ ...named, shape: [3, 64, 64] }))).toMatchObject([
      { field: `tensors[${input.name}].shape` },
    ]);
  });
});
