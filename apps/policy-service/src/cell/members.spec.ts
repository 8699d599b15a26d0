import { defaultObjective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge, nodeReport } from '../sessions/agent.fixture.ts';
import { Members } from './members.ts';

/** What a device says of a node that it has not heard of yet. */
const unknown = (reachable: boolean) =>
  edge({ reachable, report: nodeReport('edge-1', 'edge', { slots: 1, services: {} }) });
const known = { id: 'edge-1', slots: 2, variants: ['small', 'large'] };

function membersOf(...hellos: Parameters<typeof deviceHello>[]) {
  const members = new Members();
  for (const hello of hellos) members.add(deviceHello(...hello));
  const node = () => members.cell('c', defaultObjective).nodes[0];
  const backlogMs = () => members.observation(0, members.cell('c', defaultObjective)).loads[0]!.backlogMs;
  return { members, node, backlogMs };
}

describe('Members', () => {
  it.each([
    ['reach', false],
    ['hear of', true],
  ])('keep what a node is though another device does not %s it yet', (_what, reachable) => {
    const { members, node } = membersOf(['a'], ['b', { targets: [unknown(reachable)] }]);
    expect(node()).toMatchObject(known);
    members.update('b', deviceState({ targets: [unknown(reachable)] }));
    expect(node()).toMatchObject(known);
  });

  it('name a node that no device has heard of, and learn what it is from the first that has', () => {
    const { members, node } = membersOf(['a', { targets: [unknown(false)] }]);
    expect(node()).toMatchObject({ id: 'edge-1', variants: [] });
    members.add(deviceHello('b', { targets: [edge({ reachable: false })] }));
    expect(node()).toMatchObject(known);
  });

  it('take the load of a node from devices that reach it', () => {
    const { members, backlogMs } = membersOf(['a'], ['b']);
    members.update('a', deviceState({ targets: [edge({ backlogMs: 40 })] }));
    members.update('b', deviceState({ targets: [edge({ reachable: false, backlogMs: 900 })] }));
    expect(backlogMs()).toBe(40);
    members.update('b', deviceState({ targets: [edge({ backlogMs: 50 })] }));
    expect(backlogMs()).toBe(50);
  });
});
