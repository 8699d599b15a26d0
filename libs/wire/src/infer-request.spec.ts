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
