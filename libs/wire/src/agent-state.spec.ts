import type { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { stateFromWire, stateToWire } from './agent-state.ts';
import { deviceHello, deviceState } from './device.fixture.ts';

const wireState = () => {
  const balance = { ledgerId: 'l', balance: 0, cap: 0, debitedTotal: 0, creditedTotal: 0 };
  return stateToWire(deviceState({ balance, local: deviceHello('d').local }));
};

describe('state', () => {
  const faults: [string, (state: policy.AgentState) => void, string, string][] = [
    [
      'negative frames',
      (state) => (state.framesPerSecond = -1),
      'state.frames_per_second',
      'framesPerSecond',
    ],
    [
      'frames that are no number',
      (state) => (state.framesPerSecond = NaN),
      'state.frames_per_second',
      'framesPerSecond',
    ],
    [
      'negative variability',
      (state) => (state.arrivalVariability = -0.1),
      'state.arrival_variability',
      'arrivalVariability',
    ],
    ['an overdrawn balance', (state) => (state.balance!.balance = -1), 'state.balance.balance', 'balance'],
    ['a negative cap', (state) => (state.balance!.cap = -1), 'state.balance.cap', 'balance'],
    [
      'endless debits',
      (state) => (state.balance!.debitedTotal = Infinity),
      'state.balance.debited_total',
      'balance',
    ],
    [
      'negative credits',
      (state) => (state.balance!.creditedTotal = -1),
      'state.balance.credited_total',
      'balance',
    ],
    [
      'a ledger too long',
      (state) => (state.balance!.ledgerId = 'x'.repeat(257)),
      'state.balance.ledger_id',
      'balance',
    ],
    ['the processor of another', (state) => (state.local!.nodeId = 'other'), 'state.local.node_id', 'local'],
  ];
  it.each(faults)('with %s leaves that as it was, and says all the rest', (_what, spoil, field, absent) => {
    const state = wireState();
    const good = stateFromWire(state, 'd');
    expect(good.leftOut).toEqual([]);
    expect(good.value).toHaveProperty(absent);
    spoil(state);
    const { value, leftOut } = stateFromWire(state, 'd');
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
    expect(value).toEqual(Object.fromEntries(Object.entries(good.value).filter(([key]) => key !== absent)));
  });

  it('leaves out a target that is none', () => {
    const state = wireState();
    state.targets.unshift({ ...state.targets[0]!, load: undefined });
    const { value, leftOut } = stateFromWire(state, 'd');
    expect(leftOut.map(({ field }) => field)).toEqual(['state.targets[0].load']);
    expect(value.targets).toEqual(deviceState().targets);
  });
});
