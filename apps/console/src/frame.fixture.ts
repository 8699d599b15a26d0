import type { FrameRecord } from '@weir/cell';

/** A frame that went to the edge; override what a test is about. */
export const frame = (given: Partial<FrameRecord> = {}): FrameRecord => ({
  deviceId: 'device-1',
  at: 1_000,
  tier: 'edge',
  nodeId: 'edge-1',
  variant: 'net-0.50-int8',
  reason: 'planned',
  predictedMs: 70,
  responseMs: 80,
  hopsMs: [1, 10, 5, 4, 50, 10],
  expectedAccuracy: 0.75,
  lookedAgain: false,
  energyJ: 0.25,
  correct: true,
  label: 'shirt',
  confidence: 0.9,
  failedAttempts: [],
  ...given,
});
