import { InvalidInput } from '@weir/base';
import { agent, common, worker } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { checkInferRequest, checkPing, inferenceFromWire } from './infer-request.ts';
import { limits } from './limits.ts';

const image = (bytes: number) => ({ $case: 'encodedImage' as const, value: Buffer.alloc(bytes, 1) });
const tensor = (over: Partial<common.Tensor>) => ({
  $case: 'tensor' as const,
  value: { shape: [1, 2], dataType: common.DataType.FLOAT32, data: Buffer.alloc(8), ...over },
});
const { DataType } = common;
const named = (name: string, over: Partial<common.Tensor> = {}): common.NamedTensor => ({
  name,
  tensor: { shape: [2], dataType: DataType.FLOAT32, data: Buffer.alloc(8), ...over },
});
const tensors = (...all: common.NamedTensor[]) => ({ $case: 'tensors' as const, value: { tensors: all } });
const request = (over: Partial<agent.InferRequest>) =>
  agent.InferRequest.create({ requestId: 'f1', input: { content: image(10) }, ...over });

describe('checkInferRequest', () => {
  it('takes a picture and a tensor', () => {
    expect(checkInferRequest(request({})).content?.$case).toBe('encodedImage');
    expect(checkInferRequest(request({ input: { content: tensor({}) } })).content?.$case).toBe('tensor');
  });

  it.each<[string, Partial<agent.InferRequest>]>([
    ['request_id', { requestId: '' }],
    ['request_id', { requestId: 'x'.repeat(129) }],
    ['timeout_ms', { timeoutMs: -1 }],
    ['timeout_ms', { timeoutMs: NaN }],
    ['timeout_ms', { timeoutMs: Infinity }],
    ['timeout_ms', { timeoutMs: limits.ms + 1 }],
    ['input', { input: undefined }],
    ['input', { input: { content: undefined } }],
    ['input.encoded_image', { input: { content: image(0) } }],
    ['input.encoded_image', { input: { content: image(4 * 1024 * 1024 + 1) } }],
    ['input.tensor.data_type', { input: { content: tensor({ dataType: common.DataType.UNSPECIFIED }) } }],
    ['input.tensor.shape', { input: { content: tensor({ shape: [] }) } }],
    ['input.tensor.shape', { input: { content: tensor({ shape: [2, 2] }) } }],
    ['input.tensor.shape', { input: { content: tensor({ shape: [1, 0] }) } }],
    ['input.tensor.data', { input: { content: tensor({ data: Buffer.alloc(7) }) } }],
    ['input.tensors', { input: { content: tensors() } }],
    [
      'input.tensors',
      { input: { content: tensors(...Array.from({ length: 65 }, (_, at) => named(`t${at}`))) } },
    ],
    ['input.tensors[0].name', { input: { content: tensors(named('')) } }],
    ['input.tensors[0].name', { input: { content: tensors(named('x'.repeat(257))) } }],
    ['input.tensors[x]', { input: { content: tensors(named('x'), named('x')) } }],
    ['input.tensors[x].tensor', { input: { content: tensors({ name: 'x', tensor: undefined }) } }],
    [
      'input.tensors[x].data_type',
      { input: { content: tensors(named('x', { dataType: DataType.UNSPECIFIED })) } },
    ],
    ['input.tensors[x].data_type', { input: { content: tensors(named('x', { dataType: 99 as never })) } }],
    ['input.tensors[x].shape', { input: { content: tensors(named('x', { shape: [2, 0] })) } }],
    [
      'input.tensors[x].shape',
      { input: { content: tensors(named('x', { shape: Array(9).fill(1) as number[] })) } },
    ],
    ['input.tensors[x].data', { input: { content: tensors(named('x', { data: Buffer.alloc(9) })) } }],
    [
      'input.tensors',
      {
        input: {
          content: tensors(
            named('x', { shape: [limits.tensorBytes / 4], data: Buffer.alloc(limits.tensorBytes) }),
            named('y'),
          ),
        },
      },
    ],
  ])('names %s as faulty', (field, over) => {
    const check = () => checkInferRequest(request(over));
    expect(check).toThrow(InvalidInput);
    try {
      check();
    } catch (error) {
      expect((error as InvalidInput).violations.map((violation) => violation.field)).toEqual([field]);
    }
  });

  it('names all faults together', () => {
    expect(() => checkInferRequest(request({ requestId: '', input: undefined, timeoutMs: -1 }))).toThrow(
      /request_id.*timeout_ms.*input/,
    );
  });
});

describe('inferenceFromWire', () => {
  const work = (over: Partial<worker.InferRequest>) =>
    inferenceFromWire(
      worker.InferRequest.create({ requestId: 'r', variant: 'v', input: { content: image(3) }, ...over }),
    );

  it('takes no timeout for time without end', () => {
    const input = { image: Buffer.alloc(3, 1) };
    expect(work({})).toEqual({
      variant: 'v',
      input,
      timeoutMs: Infinity,
      background: false,
      wantOutputs: false,
    });
    expect(work({ timeoutMs: 5, background: true })).toMatchObject({ timeoutMs: 5, background: true });
  });

  it.each([
    ['float32', common.DataType.FLOAT32, 4],
    ['uint8', common.DataType.UINT8, 1],
  ] as const)('takes a tensor of %s as it is', (dtype, dataType, bytes) => {
    const data = Buffer.alloc(2 * bytes, 3);
    expect(work({ input: { content: tensor({ data, dataType }) } }).input).toEqual({
      shape: [1, 2],
      tensor: data,
      dtype,
    });
  });

  it('takes tensors by name, of any type and shape, a scalar too', () => {
    const strings = { shape: [], dataType: DataType.BYTES, data: Buffer.from([1, 0, 0, 0, 65]) };
    const content = tensors(named('x'), named('text', strings));
    expect(work({ input: { content }, wantOutputs: true })).toMatchObject({
      input: {
        tensors: [
          { name: 'x', dtype: 'float32', shape: [2], data: Buffer.alloc(8) },
          { name: 'text', dtype: 'string', shape: [], data: strings.data },
        ],
      },
      wantOutputs: true,
    });
  });

  it('names all faults together', () => {
    expect(() => work({ requestId: '', variant: 'x'.repeat(129), timeoutMs: NaN, input: undefined })).toThrow(
      /request_id.*variant.*timeout_ms.*input/,
    );
  });
});

describe('checkPing', () => {
  it('takes at most 256 KiB', () => {
    checkPing({ sequence: 1, payload: Buffer.alloc(256 * 1024) });
    expect(() => checkPing({ sequence: 1, payload: Buffer.alloc(256 * 1024 + 1) })).toThrow('ping.payload');
  });
});
