import { FakeClock, finish } from '@weir/base';
import { defaultObjective, type DeviceHello } from '@weir/domain';
import type { LinkObservation } from '@weir/learning';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceHello, deviceState, edge, nodeReport, variants } from '../sessions/agent.fixture.ts';
import { Members } from './members.ts';

type Links = readonly [LinkObservation, ...LinkObservation[]];

/** What a device says of a node that it has not heard of yet. */
const unknown = (reachable: boolean) =>
  edge({ reachable, report: nodeReport('edge-1', 'edge', { slots: 1, services: {} }) });
const known = { id: 'edge-1', slots: 2, variants: ['large', 'small'] };

function membersOf(...hellos: Parameters<typeof deviceHello>[]) {
  const members = new Members();
  for (const hello of hellos) members.add(deviceHello(...hello));
  const node = () => members.cell('c', defaultObjective).nodes[0];
  const backlogMs = () => members.observation(0, members.cell('c', defaultObjective)).loads[0]!.backlogMs;
  const links = () =>
    members.observation(0, members.cell('c', defaultObjective)).devices.map(({ links }) => links as Links);
  return { members, node, backlogMs, links };
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

  it('take the curves of most devices for the cell, and know which devices go by them', () => {
    const looks = (version: string, pictures = 1_000) => ({ looks: { version, pictures, curves: [] } });
    const { members } = membersOf(['a', looks('v1')], ['b', looks('v2')], ['c', looks('v2')], ['d']);
    const cell = () => members.cell('c', defaultObjective);
    expect(cell().devices.map(({ curves }) => curves)).toEqual([undefined, 'v2', 'v2', undefined]);
    expect(cell().looks?.version).toBe('v2');
    // A version is a claim.
    members.add(deviceHello('d', looks('v2', 7)));
    expect(cell().devices.map(({ curves }) => curves)).toEqual([undefined, 'v2', 'v2', undefined]);
    for (const id of ['b', 'c', 'd']) members.add(deviceHello(id));
    expect(cell().looks?.version).toBe('v1');
    members.disconnect('a', 0);
    members.expire(10, 10);
    expect(cell()).not.toHaveProperty('looks');
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
    members.update('b', deviceState({ targets: [edge({ reachable: false, backlogMs: 10 })] }));
    expect(backlogMs()).toBe(40);
    members.update('b', deviceState({ targets: [edge({ backlogMs: 30 })] }));
    expect(backlogMs()).toBe(30);
  });

  it('tell the learner the service times that the cell agrees on, whatever one device says', () => {
    const absurd = edge({
      report: nodeReport('edge-1', 'edge', { services: { small: 86_400_000, large: 86_400_000 } }),
    });
    const { members, links } = membersOf(['a'], ['b'], ['liar', { targets: [absurd] }]);
    expect(links().map(([{ services }]) => Object.fromEntries(services))).toEqual(
      Array.from({ length: 3 }, () => ({ large: 50, small: 5 })),
    );
    members.update('liar', deviceState({ targets: [absurd] }));
    expect(links()[0]![0].services.get('large')).toBe(50);
  });

  it('send no frame to a node that has the name of a device, and say so once, whoever came first', () => {
    for (const ids of [
      ['a', 'edge-1'],
      ['edge-1', 'a'],
    ]) {
      const told: string[] = [];
      const members = new Members({
        faults: {
          onDeviantClaim() {},
          onSharedName() {},
          onDeviceNamedLikeNode: (deviceId) => told.push(deviceId),
        },
      });
      for (const id of ids) members.add(deviceHello(id, { targets: id === 'a' ? [edge()] : [] }));
      members.update('a', deviceState());
      const cell = members.cell('c', defaultObjective);
      expect(cell.nodes).toEqual([]);
      expect(cell.devices.map(({ id }) => id)).toEqual(['a', 'edge-1']);
      expect(members.observation(0, cell).devices[0]!.links).toEqual([]);
      expect(told).toEqual(['edge-1']);
    }
  });

  it('make one cell of the same devices, whatever the order of devices, variants and targets', () => {
    const cloud = { ...edge({ backlogMs: 7 }), report: nodeReport('cloud-1', 'cloud', { slots: 8 }) };
    const hellos = [
      deviceHello('a', { targets: [edge({ backlogMs: 10 }), cloud] }),
      deviceHello('b', { targets: [edge({ backlogMs: 90, slots: 3 })] }),
      deviceHello('c', { targets: [cloud, edge({ backlogMs: 40, reachable: false })] }),
      deviceHello('d', { targets: [unknown(true)] }),
    ];
    const seen = (order: readonly DeviceHello[]) => {
      const members = new Members({ clock: new FakeClock(0) });
      for (const hello of order) members.add(hello);
      return members.observation(0, members.cell('c', defaultObjective));
    };
    const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
    const expected = seen(hellos);
    fc.assert(
      fc.property(shuffled(hellos), shuffled(variants), fc.boolean(), (order, family, reversed) => {
        const again = order.map((hello) => ({
          ...hello,
          variants: family,
          targets: reversed ? hello.targets.toReversed() : hello.targets,
        }));
        expect(seen(again)).toEqual(expected);
      }),
    );
  });

  it('keep no more nodes than can be planned with: those that most members name', () => {
    const members = new Members();
    const madeUp = (deviceId: string) =>
      Array.from({ length: 256 }, (_, at) =>
        edge({ report: nodeReport(`${deviceId}-${at}`, 'edge', { services: {} }) }),
      );
    for (const deviceId of ['liar-1', 'liar-2', 'liar-3', 'liar-4', 'liar-5'])
      members.add(deviceHello(deviceId, { targets: madeUp(deviceId) }));
    for (const deviceId of ['a', 'b']) members.add(deviceHello(deviceId));
    const { nodes } = members.cell('c', defaultObjective);
    expect(nodes).toHaveLength(1_024);
    expect(nodes.map(({ id }) => id)).toContain('edge-1');
  });

  it('tell how many frames a device now takes at once', () => {
    const { members } = membersOf(['a']);
    const slots = () => members.cell('c', defaultObjective).devices[0]!.local.slots;
    expect(slots()).toBe(1);
    members.update('a', deviceState({ local: nodeReport('a', 'device', { slots: 4 }) }));
    expect(slots()).toBe(4);
  });

  it('are observed as they are at the first step, whoever reports, comes or leaves before the last', () => {
    const ids = Array.from({ length: 100 }, (_, at) => `device-${at}`);
    const { members } = membersOf(...ids.map((id) => [id] as [string]));
    const cell = members.cell('c', defaultObjective);
    const expected = members.observation(0, cell);
    const observing = members.observationInSteps(0, cell);
    expect(observing.next().done).toBe(false);
    for (const id of ids) members.update(id, deviceState({ balance: { ...noBalance, balance: 3 } }));
    members.add(deviceHello('later', { targets: [edge({ backlogMs: 9_000 })] }));
    for (const id of ids) members.disconnect(id, 0);
    members.expire(10, 10);
    expect(finish(observing)).toEqual(expected);
  });
});

const noBalance = { ledgerId: '', balance: 0, cap: 0, creditedTotal: 0, debitedTotal: 0 };
