import { type FieldViolation, InvalidInput } from '@weir/base';
import type { NodeLoad, Objective, Placement, Reason, Tier } from '@weir/domain';
import { agent, common } from '@weir/proto';

const { Tier: WireTier } = common;
const { Reason: WireReason } = agent;

const tiers: Readonly<Record<Tier, common.Tier>> = {
  device: WireTier.DEVICE,
  edge: WireTier.EDGE,
  cloud: WireTier.CLOUD,
};
const reasons: Readonly<Record<Reason, agent.Reason>> = {
  planned: WireReason.PLANNED,
  explored: WireReason.EXPLORED,
  deviated: WireReason.DEVIATED,
  fallback: WireReason.FALLBACK,
};

export const tierToWire = (tier: Tier): common.Tier => tiers[tier];
export const reasonToWire = (reason: Reason): agent.Reason => reasons[reason];

export function tierFromWire(tier: common.Tier): Tier | undefined {
  return (Object.keys(tiers) as Tier[]).find((name) => tiers[name] === tier);
}

export const placementToWire = ({ tier, nodeId, variant }: Placement): common.Placement => ({
  tier: tierToWire(tier),
  nodeId,
  variant,
});

/** Throws InvalidInput when a part is missing. `field` names it in the fault. */
export function placementFromWire(placement: common.Placement | undefined, field: string): Placement {
  const tier = tierFromWire(placement?.tier ?? WireTier.UNSPECIFIED);
  if (!placement || !tier || !placement.nodeId || !placement.variant)
    throw new InvalidInput([{ field, description: 'expected a tier, a node and a variant' }]);
  return { tier, nodeId: placement.nodeId, variant: placement.variant };
}

/** What the dispatch rule needs of a load; figures that are out of range are brought into it. */
export function loadFromWire(load: common.NodeLoad): NodeLoad {
  return {
    nodeId: load.nodeId,
    slots: Math.max(1, load.slots),
    inService: load.inService,
    queued: load.queued,
    backlogMs: atLeastZero(load.backlogMs),
    meanBacklogMs: atLeastZero(load.meanBacklogMs),
    congestionPerMs: atLeastZero(load.congestionPerMs),
    utilization: Math.min(1, atLeastZero(load.utilization)),
  };
}

export const objectiveToWire = (objective: Objective): common.Objective => ({
  ...objective,
  allowedTiers: objective.allowedTiers.map(tierToWire),
});

/** Throws InvalidInput for tiers that are none; the other fields are as they came (see `checkObjective`). */
export function objectiveFromWire(objective: common.Objective | undefined): Objective {
  if (!objective) throw new InvalidInput([{ field: 'objective', description: 'missing' }]);
  const allowedTiers = objective.allowedTiers.map((tier) => {
    const known = tierFromWire(tier);
    if (known) return known;
    throw new InvalidInput([{ field: 'objective.allowed_tiers', description: `${tier} is no tier` }]);
  });
  return { ...objective, allowedTiers: [...new Set(allowedTiers)] };
}

const maxIdLength = 128;
const maxImageBytes = 4 * 1024 * 1024;

/** Throws InvalidInput, naming every fault of one frame that can be told without decoding it. */
export function checkInferRequest({ requestId, input, timeoutMs }: agent.InferRequest): common.Input {
  const violations: FieldViolation[] = [];
  const fault = (field: string, description: string) => violations.push({ field, description });
  if (requestId.length === 0 || requestId.length > maxIdLength)
    fault('request_id', `expected 1..${maxIdLength} characters`);
  if (!(timeoutMs >= 0 && timeoutMs < Infinity)) fault('timeout_ms', 'expected ms >= 0');
  switch (input?.content?.$case) {
    case undefined:
      fault('input', 'missing: give encoded_image or tensor');
      break;
    case 'encodedImage':
      if (input.content.value.length === 0) fault('input.encoded_image', 'empty');
      if (input.content.value.length > maxImageBytes)
        fault('input.encoded_image', `expected at most ${maxImageBytes} bytes`);
      break;
    case 'tensor':
      for (const { field, description } of tensorFaults(input.content.value))
        fault(`input.tensor.${field}`, description);
  }
  if (violations.length > 0) throw new InvalidInput(violations);
  return input!;
}

const bytesPerElement: Readonly<Partial<Record<common.DataType, number>>> = {
  [common.DataType.UINT8]: 1,
  [common.DataType.FLOAT32]: 4,
};

function tensorFaults({ shape, dataType, data }: common.Tensor): FieldViolation[] {
  const bytes = bytesPerElement[dataType];
  if (bytes === undefined) return [{ field: 'data_type', description: 'expected UINT8 or FLOAT32' }];
  if (shape.length === 0 || shape.length > 8 || shape.includes(0) || shape[0] !== 1)
    return [{ field: 'shape', description: 'expected 1..8 dimensions > 0, the first being 1' }];
  const expected = shape.reduce((product, dimension) => product * dimension, bytes);
  if (data.length !== expected)
    return [{ field: 'data', description: `expected ${expected} bytes for this shape, got ${data.length}` }];
  return [];
}

/** Also turns what is no number into 0. */
const atLeastZero = (value: number) => (value > 0 ? value : 0);
