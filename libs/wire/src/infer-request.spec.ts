import { InvalidInput } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import {
  checkInferRequest,
  loadFromWire,
  objectiveFromWire,
  objectiveToWire,
  placementFromWire,
  placementToWire,
  tierFromWire,
  tierToWire,
} from './convert.ts';

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

describe('placements, tiers, objectives and loads', () => {
  it('come back as they went', () => {
    const placement = { tier: 'edge' as const, nodeId: 'edge-1', variant: 'v' };
    expect(placementFromWire(placementToWire(placement), 'planned')).toEqual(placement);
    expect(objectiveFromWire(objectiveToWire(defaultObjective))).toEqual(defaultObjective);
    for (const tier of ['device', 'edge', 'cloud'] as const)
      expect(tierFromWire(tierToWire(tier))).toBe(tier);
  });

  it('are refused when parts are missing', () => {
    expect(() => placementFromWire(undefined, 'planned')).toThrow('planned');
    expect(() => placementFromWire(common.Placement.create({ nodeId: 'n', variant: 'v' }), 'p')).toThrow('p');
    expect(() => objectiveFromWire(undefined)).toThrow('objective: missing');
    expect(() => objectiveFromWire({ ...objectiveToWire(defaultObjective), allowedTiers: [0] })).toThrow(
      'allowed_tiers',
    );
  });

  it('bring figures that are none into range', () => {
    const load = common.NodeLoad.create({ nodeId: 'n', backlogMs: NaN, congestionPerMs: -1, utilization: 7 });
    expect(loadFromWire(load)).toMatchObject({ slots: 1, backlogMs: 0, congestionPerMs: 0, utilization: 1 });
  });
});
