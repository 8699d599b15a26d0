import { InvalidInput } from '@weir/base';
import { defaultObjective, type Outcome } from '@weir/domain';
import { memberFromJson, objectiveSchema, outcomeFromJson, storedRow } from '@weir/storage';
import { describe, expect, it } from 'vitest';
import { Members } from '../cell/members.ts';
import { deviceHello, edge, outcome } from '../sessions/agent.fixture.ts';
import { memberToJson } from './rows.ts';

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

  it('is stored without its curves, which it brings again when it joins', () => {
    const members = new Members();
    members.add(deviceHello('a', { looks: { version: 'v', pictures: 1, curves: [] } }));
    expect(JSON.parse(memberToJson(members.get('a')!))).not.toHaveProperty('looks');
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

describe('a stored objective', () => {
  it('of before there were second looks does not limit them', () => {
    const { maxLooks: _, ...before } = defaultObjective;
    expect(storedRow(JSON.stringify(before), 'objective', objectiveSchema)).toEqual(defaultObjective);
    const once = { ...defaultObjective, maxLooks: 1 };
    expect(storedRow(JSON.stringify(once), 'objective', objectiveSchema)).toEqual(once);
  });
});

describe('a stored outcome', () => {
  it.each<[string, Partial<Outcome>]>([
    ['alone', {}],
    ['computed with others', { batchSize: 3 }],
    ['a first look that a second might have followed', { lookAgainBelow: 0.4 }],
    [
      'an audit',
      {
        reason: 'audit',
        auditProbability: 0.01,
        shadow: true,
        firstLook: {
          placement: { tier: 'edge', nodeId: 'edge-1', variant: 'small' },
          margin: 0.9,
          agreed: true,
        },
      },
    ],
    ['that was looked at again', { lookedAgain: true }],
    [
      'of a second look',
      {
        reason: 'unsure',
        firstLook: {
          placement: { tier: 'device', nodeId: 'a', variant: 'small' },
          margin: 0.1,
          agreed: true,
        },
      },
    ],
  ])('%s comes back as it was', (_, more) => {
    expect(outcomeFromJson(JSON.stringify(outcome('a', more)))).toEqual(outcome('a', more));
  });
});
