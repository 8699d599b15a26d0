import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { deviceHello } from '../sessions/agent.fixture.ts';
import { CellDevices } from './cell-devices.ts';
import { agent } from './cell.fixture.ts';

function cellDevices() {
  let ledgers = 0;
  return new CellDevices({
    clock: new FakeClock(),
    times: { leaseMs: 5_000, graceMs: 10_000 },
    maxDevices: 3,
    instanceId: 'instance-1',
    nextVersion: () => 1,
    newLedgerId: () => `ledger-${++ledgers}`,
  });
}

describe('CellDevices', () => {
  it('takes no more devices than it may, but those it has again', () => {
    const devices = cellDevices();
    for (const id of ['a', 'b', 'c']) devices.join(deviceHello(id), agent().link);
    expect(() => devices.join(deviceHello('d'), agent().link)).toThrow(/--max-devices/);
    devices.join(deviceHello('b'), agent().link);
  });

  it('opens new accounts for a new floor, none for a device with a floor of its own', () => {
    const devices = cellDevices();
    devices.join(deviceHello('a'), agent().link);
    devices.join(deviceHello('b', { objective: { accuracyFloor: 0.9 } }), agent().link);
    devices.join(deviceHello('c', { objective: { deadlineMs: 500 } }), agent().link);
    const accounts = () => ['a', 'b', 'c'].map((id) => devices.ledger.ledgerOf(id).ledgerId);
    expect(accounts()).toEqual(['ledger-1/1', '', 'ledger-1/2']);
    devices.renewAccounts();
    expect(accounts()).toEqual(['ledger-2/1', '', 'ledger-2/2']);
  });
});
