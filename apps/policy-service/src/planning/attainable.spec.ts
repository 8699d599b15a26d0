import { type Cell, defaultObjective, type DeviceHello, type Objective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { deviceHello } from '../sessions/agent.fixture.ts';
import { attainableRange, checkAttainable, meetsFloor } from './attainable.ts';
import { Members } from '../cell/members.ts';

function observe(objective: Objective, ...hellos: DeviceHello[]) {
  const members = new Members();
  for (const hello of hellos) members.add(hello);
  return members.observation(0, members.cell('c', objective));
}
const check = (objective: Objective, ...hellos: DeviceHello[]) =>
  checkAttainable(observe(objective, ...hellos));
/** Has the small variant alone. */
const smallOnly = (more: Partial<DeviceHello> = {}) => {
  const local = { ...deviceHello('a').local, services: new Map([['small', 20]]) };
  return deviceHello('a', { local: { ...local, node: { ...local.node, variants: ['small'] } }, ...more });
};
const floorOf = (cell: Cell, accuracyFloor: number): Cell => ({
  ...cell,
  objective: { ...cell.objective, accuracyFloor },
});

describe('checkAttainable', () => {
  it('refuses a floor that cannot be met, naming the best that can', () => {
    const objective = { ...defaultObjective, accuracyFloor: 0.95 };
    expect(() => check(objective, deviceHello('a'))).toThrow(/best attainable .* 0\.9000/);
    check({ ...objective, accuracyFloor: 0.9 }, deviceHello('a'));
  });

  it('refuses nothing of a cell without devices', () => {
    check({ ...defaultObjective, accuracyFloor: 0.95 });
  });

  it('counts only what the tiers allow', () => {
    const objective = { ...defaultObjective, accuracyFloor: 0.8, allowedTiers: ['device'] as const };
    expect(() => check(objective, smallOnly())).toThrow(/0\.7000/);
  });
});

describe('attainableRange', () => {
  it('goes from the least accurate variant to the best that the devices can have', () => {
    expect(attainableRange(observe(defaultObjective, deviceHello('a')))).toEqual({ least: 0.7, most: 0.9 });
    const onDevice = { ...defaultObjective, allowedTiers: ['device'] as const };
    expect(attainableRange(observe(onDevice, smallOnly()))).toEqual({ least: 0.7, most: 0.7 });
  });

  it('weighs devices that cannot run the same by their frames', () => {
    const members = new Members();
    for (const hello of [deviceHello('b', { targets: [] }), smallOnly({ targets: [] })]) members.add(hello);
    const cell = members.cell('c', defaultObjective);
    const devices = [
      { deviceId: 'a', framesPerSecond: 3 },
      { deviceId: 'b', framesPerSecond: 1 },
    ];
    expect(attainableRange({ cell, devices })!.most).toBeCloseTo((3 * 0.7 + 0.9) / 4);
    expect(meetsFloor({ cell: floorOf(cell, 0.74), devices })(cell.variants)).toBe(true);
    const worse = cell.variants.map((variant) => ({ ...variant, accuracy: variant.accuracy - 0.02 }));
    expect(meetsFloor({ cell: floorOf(cell, 0.74), devices })(worse)).toBe(false);
  });

  it('is none of a cell without devices', () => {
    expect(attainableRange(observe(defaultObjective))).toBeUndefined();
  });
});
