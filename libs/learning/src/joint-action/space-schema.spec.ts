import { InvalidInput, seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { valid } from '../snapshot.ts';
import { ToyCell } from '../toy-cell.fixture.ts';
import { DenseNet } from './dense-net.ts';
import { jointSpace } from './joint-space.ts';
import { jointActionFault, netSchema, savedSpace, spaceSchema } from './space-schema.ts';

const space = jointSpace(new ToyCell(seededRandom(1), { users: 2, floor: 0.85 }).observation(), 'paper');
const saved = () => JSON.parse(JSON.stringify(savedSpace(space))) as ReturnType<typeof savedSpace>;
const faultOf = (use: () => unknown) => {
  try {
    use();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as Error).message;
  }
  return 'none';
};

describe('a saved joint space', () => {
  it('is the same when it is read again', () => {
    expect(valid(saved(), spaceSchema, 'space')).toEqual(space);
  });

  it.each([
    ['a device without actions', { actions: [saved().actions[0]!] }, /space\.actions: expected 2 lists/],
    [
      'an accuracy too few',
      { surplus: [saved().surplus[0]!.slice(1), saved().surplus[1]!] },
      /surplus\[0\]: expected 5/,
    ],
    [
      'an accuracy that is none',
      { surplus: [[7, 0, 0, 0, 0], saved().surplus[1]!] },
      /surplus\[0\]\[0\]: expected at most 1/,
    ],
    [
      'a variant that its key does not name',
      {
        actions: [
          [{ ...saved().actions[0]![0]!, variant: 'x' }, ...saved().actions[0]!.slice(1)],
          saved().actions[1]!,
        ],
      },
      /space\.key: expected the key of these devices and actions/,
    ],
    ['a load beyond full', { features: [2] }, /features\[0\]: expected at most 1, got 2/],
    ['no devices', { deviceIds: [] }, /deviceIds: expected at least 1 entry/],
  ])('is refused with %s', (_, change, fault) => {
    expect(faultOf(() => valid({ ...saved(), ...change }, spaceSchema, 'space'))).toMatch(fault);
  });

  it('knows which joint actions are its own', () => {
    expect(jointActionFault(space, [0, 4])).toBeUndefined();
    expect(jointActionFault(space, [0, 5])).toBe('device 1 has no action 5');
    expect(jointActionFault(space, [0])).toBe('expected 2 actions, one for each device');
  });
});

describe('a saved network', () => {
  const net = new DenseNet({ inputs: 3, hidden: [4], outputs: 2 }, seededRandom(1));
  const state = net.state();
  const faultWith = (change: object) =>
    faultOf(() => valid({ ...state, ...change }, netSchema(net), 'state'));

  it('fits the network that it is of', () => expect(faultWith({})).toBe('none'));

  it.each([
    ['a layer too short', { layers: [[1, 2], state.layers[1]!] }, /^state\.layers\[0\]: expected 16 numbers/],
    ['a layer too few', { first: [state.first[0]!] }, /^state\.first/],
    [
      'a weight that is no number',
      { layers: [state.layers[0]!.with(3, NaN), state.layers[1]!] },
      /layers\[0\]\[3\]: expected a finite/,
    ],
    [
      'a weight beyond 32 bits',
      { layers: [state.layers[0]!.with(3, 1e300), state.layers[1]!] },
      /layers\[0\]\[3\]: expected at most/,
    ],
    [
      'a negative square',
      { second: [state.second[0]!.with(0, -1), state.second[1]!] },
      /second\[0\]\[0\]: expected at least 0/,
    ],
    ['half a step', { steps: 0.5 }, /^state\.steps: expected a whole number/],
  ])('is refused with %s', (_, change, fault) => expect(faultWith(change)).toMatch(fault));
});
