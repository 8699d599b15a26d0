import { Aborted, silentLogger } from '@weir/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeviceInstances } from './instances.ts';

const reason = new Aborted('another session has begun');
const twice = { reason: 'DEVICE_TWICE' };
let told: object[];
let instances: DeviceInstances;
beforeEach(() => {
  told = [];
  instances = new DeviceInstances({ ...silentLogger, warn: (fields) => void told.push(fields) });
});
const claim = (instanceId: string, deviceId = 'a', cellId = 'c') =>
  instances.claim({ cellId, deviceId, instanceId });
const join = (...run: Parameters<typeof claim>) => {
  const claimed = claim(...run);
  claimed.stands();
  return claimed;
};

describe('runs of a device', () => {
  it('are one agent when the same run comes back', () => {
    const before = join('one');
    const after = join('one');
    expect(before.ending(reason)).toBe(reason);
    before[Symbol.dispose]();
    expect(after.ending(reason)).toBe(reason);
    expect(told).toEqual([]);
  });

  it('of which the newer has two sessions keep the older out while one of them stands', () => {
    join('older')[Symbol.dispose]();
    const before = join('newer');
    join('newer');
    before[Symbol.dispose]();
    expect(() => claim('older')).toThrow(expect.objectContaining(twice) as Error);
  });

  it('are one agent that was started again when the former session has ended', () => {
    join('one')[Symbol.dispose]();
    join('two');
    expect(told).toEqual([]);
  });

  it('are two agents when both stand: the newer does, however often the older asks', () => {
    const older = join('older');
    join('newer');
    expect(older.ending(reason)).toMatchObject(twice);
    older[Symbol.dispose]();
    for (let again = 0; again < 20; again++)
      expect(() => claim('older')).toThrow(expect.objectContaining(twice) as Error);
    expect(told).toHaveLength(1);
  });

  it('have to do with their own device and cell alone', () => {
    const one = join('one');
    join('two', 'b');
    join('two', 'a', 'other');
    expect(one.ending(reason)).toBe(reason);
    expect(told).toEqual([]);
  });

  it('keep nobody out that only asked, and did not join', () => {
    claim('newer')[Symbol.dispose]();
    join('older');
    expect(() => join('newest')).not.toThrow();
  });

  it('are forgotten of devices that are not connected, beyond some number', () => {
    const standing = join('older', 'standing');
    for (let device = 0; device < 10_001; device++) join('one', `device-${device}`)[Symbol.dispose]();
    join('newer', 'standing');
    expect(standing.ending(reason)).toMatchObject(twice);
    expect(instances.size).toBe(10_000);
  });
});
