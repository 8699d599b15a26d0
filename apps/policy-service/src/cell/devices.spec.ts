import { FakeClock, silentLogger } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge } from '../sessions/agent.fixture.ts';
import { CellDevices, type DeviceEvents } from './devices.ts';
import { agent } from './orchestrator.fixture.ts';

function cellDevices(events: DeviceEvents = {}) {
  let ledgers = 0;
  return new CellDevices({
    clock: new FakeClock(),
    logger: silentLogger,
    times: { leaseMs: 5_000, graceMs: 10_000 },
    maxDevices: 3,
    instanceId: 'instance-1',
    nextVersion: () => 1,
    newLedgerId: () => `ledger-${++ledgers}`,
    ...events,
  });
}

/** Devices, and the events since they were last asked for. */
function listened() {
  const events: string[] = [];
  const devices = cellDevices({
    onJoined: () => events.push('joined'),
    onCameOrWent: () => events.push('came or went'),
    onUrgent: () => events.push('urgent'),
    onDescribed: ({ hello, targets }) => events.push(`described ${hello.deviceId} with ${targets.length}`),
  });
  return { devices, happened: () => events.splice(0) };
}

describe('CellDevices', () => {
  it('tell of a device that joins, and of what it names', () => {
    const { devices, happened } = listened();
    devices.join(deviceHello('a'), agent().link);
    expect(happened()).toEqual(['joined', 'came or went', 'described a with 1']);
  });

  it('tell of a report only what changes the cell', () => {
    const { devices, happened } = listened();
    devices.join(deviceHello('a'), agent().link);
    happened();
    devices.report('a', deviceState());
    expect(happened()).toEqual([]);
    devices.report('a', deviceState({ targets: [edge({ reachable: false })] }));
    expect(happened()).toEqual(['urgent']);
    devices.report('a', deviceState({ targets: [] }));
    expect(happened()).toEqual(['urgent', 'described a with 0']);
    devices.report('stranger', deviceState({ targets: [] }));
    expect(happened()).toEqual([]);
  });

  it('ask for a plan when a session ends, not when a replaced one does', () => {
    const { devices, happened } = listened();
    const [first, second] = [agent(), agent()];
    devices.join(deviceHello('a'), first.link);
    devices.join(deviceHello('a'), second.link);
    happened();
    devices.leave('a', first.link);
    expect(happened()).toEqual([]);
    devices.leave('a', second.link);
    expect(happened()).toEqual(['came or went']);
  });

  it('leave a device that was remembered to its plan, and tell nobody', () => {
    const { devices, happened } = listened();
    devices.remember(deviceHello('a'));
    expect(happened()).toEqual([]);
    expect(devices.members.size).toBe(1);
  });

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
    devices.renewAccounts(0.9);
    expect(accounts()).toEqual(['ledger-2/1', '', 'ledger-2/2']);
  });
});
