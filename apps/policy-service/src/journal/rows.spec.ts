import { InvalidInput } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Members } from '../cell/members.ts';
import { deviceHello, edge } from '../sessions/agent.fixture.ts';
import { memberFromJson, memberToJson } from './rows.ts';

function stored(): string {
  const members = new Members();
  members.add(deviceHello('a', { targets: [edge()], objective: { accuracyFloor: 0.8 } }));
  return memberToJson(members.get('a')!);
}

describe('a stored device', () => {
  it('comes back as it was', () => {
    expect(memberFromJson(stored())).toEqual({
      ...deviceHello('a', { targets: [edge()], objective: { accuracyFloor: 0.8 } }),
      variantRanks: { small: 0, large: 0 },
    });
  });

  it('comes back from a row of before there were ranks', () => {
    const { variantRanks: _, ...before } = JSON.parse(stored()) as Record<string, unknown>;
    expect(memberFromJson(JSON.stringify(before))).toMatchObject({ deviceId: 'a', variantRanks: {} });
  });

  it.each([
    ['not JSON', '{"deviceId":'],
    ['of another program', '{"name":"x","value":1}'],
    ['null', 'null'],
    [
      'with a service time that is none',
      stored().replace(/"services":\{"(\w+)":[\d.]+/, '"services":{"$1":null'),
    ],
    ['without its node', stored().replace(/"node":\{/, '"mode":{')],
  ])('is refused with its faults when it is %s', (_, row) => {
    expect(() => memberFromJson(row)).toThrow(InvalidInput);
    expect(() => memberFromJson(row)).toThrow(/^member/);
  });
});
