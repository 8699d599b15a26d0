import { seededRandom } from '@weir/base';
import type { Cell, ComputeNode, Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { createLearner } from '../create-learner.ts';
import type { CellObservation } from '../learner.ts';
import { ToyCell } from '../toy-cell.fixture.ts';
import { Membership } from './membership.ts';

const perGeneration = 20;

/** A planner that has heard of each device of a toy cell, under names of their own. */
function generations() {
  const toy = new ToyCell(seededRandom(1), { floor: 0, users: perGeneration });
  const planner = createLearner('planner', { random: seededRandom(2) });
  const named = (name: (id: string) => string): CellObservation => {
    const { cell, devices, ...rest } = toy.observation();
    return {
      ...rest,
      cell: {
        ...cell,
        devices: cell.devices.map(({ id, local }) => ({ id: name(id), local: { ...local, id: name(id) } })),
      },
      devices: devices.map((device) => ({ ...device, deviceId: name(device.deviceId) })),
    };
  };
  const live = (generation: number) => {
    const name = (id: string) => `g${generation}-${id}`;
    planner.observe(named(name));
    for (const tier of ['edge', 'device'] as const) {
      const outcomes = toy.run(
        new Map(
          toy
            .observation()
            .cell.devices.map(({ id }) => [
              id,
              { tier, nodeId: tier === 'edge' ? 'edge' : id, variant: 'large' },
            ]),
        ),
      );
      planner.learn(
        outcomes.map((outcome): Outcome => {
          const { placement, deviceId } = outcome;
          const nodeId = tier === 'edge' ? 'edge' : name(deviceId);
          return { ...outcome, deviceId: name(deviceId), energyJ: 1, placement: { ...placement, nodeId } };
        }),
      );
    }
  };
  const bytes = () => JSON.stringify(planner.snapshot()).length;
  return { planner, live, bytes, named };
}

describe('members of a cell', () => {
  it('do not add up over the generations', () => {
    const { live, bytes } = generations();
    live(0);
    live(1);
    live(2);
    const settled = bytes();
    for (let generation = 3; generation < 20; generation++) live(generation);
    expect(bytes()).toBeLessThan(1.1 * settled);
  });

  it('find their beliefs again when they return shortly', () => {
    const { planner, live, named } = generations();
    live(0);
    const price = () => {
      planner.observe(named((id) => `g0-${id}`));
      return planner
        .propose()
        .actions.get('g0-device-1')!
        .find(({ placement: { tier, variant } }) => tier === 'device' && variant === 'large')!.serviceMs;
    };
    const before = price();
    live(1);
    expect(price()).toBe(before);
  });

  it('do not stay in thousands when a crowd has come once and gone', () => {
    const membership = new Membership();
    const see = (names: readonly string[]) => {
      const devices = names.map((id) => ({ id }));
      return membership.see({ devices, nodes: [] as ComputeNode[] } as unknown as Cell);
    };
    const cameras = ['camera-1', 'camera-2'];
    const crowd = Array.from({ length: 8_000 }, (_, at) => `made-up-${at}`);
    see([...cameras, ...crowd]);
    expect(membership.state().devices.recent).toHaveLength(8_002);
    expect(see(cameras)).toBe(true);
    expect(membership.state().devices.recent).toHaveLength(1_024);
    expect(cameras.every(membership.device)).toBe(true);
  });
});
