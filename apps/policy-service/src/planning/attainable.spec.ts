import { defaultObjective, type DeviceHello, type Objective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { deviceHello } from '../sessions/agent.fixture.ts';
import { checkAttainable } from './attainable.ts';
import { Members } from '../cell/members.ts';

function check(objective: Objective, ...hellos: DeviceHello[]): void {
  const members = new Members();
  for (const hello of hellos) members.add(hello);
  checkAttainable(members.observation(0, members.cell('c', objective)));
}

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
    const local = { ...deviceHello('a').local, services: new Map([['small', 20]]) };
    const hello = deviceHello('a', { local: { ...local, node: { ...local.node, variants: ['small'] } } });
    const objective = { ...defaultObjective, accuracyFloor: 0.8, allowedTiers: ['device'] as const };
    expect(() => check(objective, hello)).toThrow(/0\.7000/);
  });
});
