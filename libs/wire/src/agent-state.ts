import { Violations } from '@weir/base';
import type { BalanceReport, DeviceState } from '@weir/domain';
import type { policy } from '@weir/proto';
import { localFromWire } from './hello.ts';
import { type Received, usable } from './left-out.ts';
import { limits } from './limits.ts';
import { nodeToWire } from './node-load.ts';
import { targetsFromWire, targetToWire } from './target.ts';
import { trialTruthsFromWire, trialTruthsToWire } from './trials.ts';
import { truthsFromWire, truthsToWire } from './truths.ts';

export const stateToWire = (state: DeviceState): policy.AgentState => ({
  balance: state.balance && { ...state.balance },
  framesPerSecond: state.framesPerSecond ?? 0,
  arrivalVariability: state.arrivalVariability ?? 0,
  targets: state.targets.map(targetToWire),
  local: state.local && nodeToWire(state.local),
  measured: state.truths && truthsToWire(state.truths),
  trials: state.trials?.map(trialTruthsToWire) ?? [],
});

/** How the device `deviceId` stands, as far as it says so in figures that are some. Never throws. */
export function stateFromWire(wire: policy.AgentState, deviceId: string): Received<DeviceState> {
  const told = new Violations();
  const { framesPerSecond, arrivalVariability } = wire;
  const known = {
    frames: told.number(framesPerSecond, 'state.frames_per_second', { max: limits.rate }),
    variability: told.number(arrivalVariability, 'state.arrival_variability', { max: limits.variability }),
  };
  const balance =
    wire.balance && usable(told, (faults) => balanceFromWire(wire.balance!, 'state.balance', faults));
  const local = wire.local && localFromWire(wire.local, 'state.local', told, deviceId);
  const truths =
    wire.measured && usable(told, (faults) => truthsFromWire(wire.measured!, 'state.measured', faults));
  const trials = trialTruthsFromWire(wire.trials, 'state.trials', told);
  const value = {
    targets: targetsFromWire(wire.targets, 'state.targets', told, deviceId),
    ...(known.frames && { framesPerSecond }),
    ...(known.variability && { arrivalVariability }),
    ...(balance && { balance }),
    ...(local && { local }),
    ...(truths && { truths }),
    ...(trials.length > 0 && { trials }),
  };
  return { value, leftOut: told.found };
}

function balanceFromWire(
  { ledgerId, balance, cap, debitedTotal, creditedTotal }: policy.BalanceReport,
  field: string,
  faults: Violations,
): BalanceReport {
  const atMost = { max: limits.balance };
  faults.check(
    ledgerId.length <= limits.ledgerIdLength,
    `${field}.ledger_id`,
    `expected at most ${limits.ledgerIdLength} characters`,
  );
  faults.number(balance, `${field}.balance`, atMost);
  faults.number(cap, `${field}.cap`, atMost);
  faults.number(debitedTotal, `${field}.debited_total`, atMost);
  faults.number(creditedTotal, `${field}.credited_total`, atMost);
  return { ledgerId, balance, cap, debitedTotal, creditedTotal };
}
