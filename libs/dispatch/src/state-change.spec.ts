import type { BalanceReport, DeviceState, NodeLoad, NodeReport, TargetReport } from '@weir/domain';
import { nodeReport } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { stateDiffers } from './state-change.ts';

const report = (load: Partial<NodeLoad> = {}, serviceMs = 50): NodeReport =>
  nodeReport(
    { nodeId: 'edge-1', tier: 'edge' },
    {
      slots: 2,
      inService: 0,
      queued: 0,
      backlogMs: 200,
      meanBacklogMs: 200,
      congestionPerMs: 0,
      utilization: 0.5,
      ...load,
    },
    { figures: [{ variant: 'large', serviceMs, energyJ: 1 }], instanceId: 'run 1', familyVersion: '1' },
  );
const target = (more: Partial<TargetReport> = {}): TargetReport => ({
  report: report(),
  roundTripMs: 10,
  reachable: true,
  ...more,
});
const balance: BalanceReport = { ledgerId: 'l', balance: 1, cap: 2, debitedTotal: 0.5, creditedTotal: 0 };
const state = (more: Partial<DeviceState> = {}): DeviceState => ({
  balance,
  framesPerSecond: 5,
  arrivalVariability: 1,
  targets: [target()],
  local: report(),
  ...more,
});
const ofTarget = (more: Partial<NodeReport>) =>
  state({ targets: [target({ report: { ...report(), ...more } })] });
const ofLoad = (load: Partial<NodeLoad>) => state({ targets: [target({ report: report(load) })] });

describe('a state', () => {
  it.each<[string, DeviceState]>([
    ['a fifth more frames', state({ framesPerSecond: 6 })],
    ['frames that come a little otherwise', state({ arrivalVariability: 1.2 })],
    [
      'a balance that is hardly another',
      state({ balance: { ...balance, balance: 1.04, debitedTotal: 0.54 } }),
    ],
    ['a round trip of a fifth more', state({ targets: [target({ roundTripMs: 12 })] })],
    ['inferences that have just come', ofLoad({ inService: 2, queued: 7, congestionPerMs: 1 })],
    ['a wait of a fifth less', ofLoad({ backlogMs: 160, meanBacklogMs: 160 })],
    ['a node that is a little busier', ofLoad({ utilization: 0.54 })],
    ['times that have hardly changed', ofTarget({ services: new Map([['large', 59]]) })],
    ['another truth', state({ trials: [] })],
  ])('says nothing new with %s', (_, next) => {
    expect(stateDiffers(next, state())).toBe(false);
  });

  it.each<[string, DeviceState]>([
    ['more frames', state({ framesPerSecond: 6.1 })],
    ['frames that stop', state({ framesPerSecond: 0 })],
    ['bursts', state({ arrivalVariability: 1.3 })],
    ['a balance that was spent', state({ balance: { ...balance, balance: 0.9 } })],
    ['a balance that was given away', state({ balance: { ...balance, debitedTotal: 0.6 } })],
    ['another ledger', state({ balance: { ...balance, ledgerId: 'another' } })],
    ['another target', state({ targets: [target(), target()] })],
    ['a target that is out of reach', state({ targets: [target({ reachable: false })] })],
    ['a longer way', state({ targets: [target({ roundTripMs: 13 })] })],
    ['a longer wait', ofLoad({ backlogMs: 260 })],
    ['a longer mean wait', ofLoad({ meanBacklogMs: 260 })],
    ['a busier node', ofLoad({ utilization: 0.6 })],
    ['a node that drains', ofTarget({ draining: true })],
    ['another run of a node', ofTarget({ instanceId: 'run 2' })],
    ['another family', ofTarget({ familyVersion: '2' })],
    ['a slower node', ofTarget({ services: new Map([['large', 61]]) })],
    ['another variant', ofTarget({ services: new Map([['small', 50]]) })],
    ['fewer variants', ofTarget({ services: new Map() })],
    ['more energy', ofTarget({ energyJ: new Map([['large', 2]]) })],
    ['fewer slots', ofTarget({ node: { ...report().node, slots: 1 } })],
    ['a busier device', state({ local: report({ utilization: 0.6 }) })],
  ])('says something new with %s', (_, next) => {
    expect(stateDiffers(next, state())).toBe(true);
  });
});
