import type { Random } from '@weir/base';
import { DenseNet } from './dense-net.ts';
import {
  decode,
  encode,
  feasibleActions,
  isFeasible,
  type JointSpace,
  largestSum,
  randomAction,
} from './joint-space.ts';

/**
 * How a network tells the value of a joint action. `joint`: one output for each joint action; `summed`: one for each
 * device and action, added up (Sunehag et al. 2018, "Value-Decomposition Networks"); `action-input`: the joint action is
 * part of the input, one output.
 */
export type Head = 'joint' | 'summed' | 'action-input';

export interface ValueNetworkOptions {
  readonly head: Head;
  readonly floorMask: boolean;
  readonly hidden: readonly number[];
}

/** A network over a joint space, with the search for its best joint action. */
export interface ValueNetwork {
  readonly net: DenseNet;
  /** What the network is fed for a state and a joint action. */
  input(features: Float32Array, picks: readonly number[]): Float32Array;
  /** Outputs that add up to the value of a joint action. */
  rows(picks: readonly number[]): readonly number[];
  value(net: DenseNet, features: Float32Array, picks: readonly number[]): number;
  /** Uniform over the joint actions; with `floorMask` over those above the floor. */
  random(random: Random): number[];
  /** The joint action of the largest value in a state (for `action-input`: found by hill climbing). */
  greedy(net: DenseNet, features: Float32Array, random: Random, start?: readonly number[]): number[];
}

/** Joint spaces up to this size keep a list of what is above the floor; larger ones draw until they find something. */
export const listLimit = 200_000;

export function valueNetwork(space: JointSpace, options: ValueNetworkOptions, random: Random): ValueNetwork {
  const { head, floorMask, hidden } = options;
  const offsets: number[] = [];
  let total = 0;
  for (const list of space.actions) {
    offsets.push(total);
    total += list.length;
  }
  const open = floorMask && space.size <= listLimit ? feasibleActions(space) : undefined;
  const position = head === 'joint' && open && new Map([...open].map((index, at) => [index, at]));
  const outputs = { joint: open?.length ?? space.size, summed: total, 'action-input': 1 }[head];
  const inputs = space.features.length + (head === 'action-input' ? total : 0);
  const net = new DenseNet({ inputs, hidden, outputs }, random);

  const input = (
    features: Float32Array,
    picks: readonly number[],
    encoded = new Float32Array(inputs),
  ): Float32Array => {
    if (head !== 'action-input') return features;
    encoded.set(features);
    for (let device = 0; device < picks.length; device++)
      encoded[features.length + offsets[device]! + picks[device]!] = 1;
    return encoded;
  };
  const scratch = new Float32Array(inputs);
  const rows = (picks: readonly number[]): readonly number[] => {
    if (head === 'action-input') return [0];
    if (head === 'summed') return picks.map((pick, device) => offsets[device]! + pick);
    const index = encode(space, picks);
    return [position ? position.get(index)! : index];
  };
  const value = (of: DenseNet, features: Float32Array, picks: readonly number[]): number =>
    of.sum(input(features, picks, scratch.fill(0)), rows(picks));

  const drawn = (chance: Random): number[] =>
    open ? decode(space, open[chance.integer(open.length)]!) : randomAction(space, chance, floorMask);

  /** Changes one device at a time, and with `pairs` two of them where one is not enough, as long as that helps. */
  const climb = (
    of: DenseNet,
    features: Float32Array,
    from: readonly number[],
    pairs: boolean,
  ): { picks: number[]; value: number } => {
    const picks = [...from];
    let best = value(of, features, picks);
    const better = (): boolean => {
      if (floorMask && !isFeasible(space, picks)) return false;
      const now = value(of, features, picks);
      if (now <= best + 1e-7) return false;
      best = now;
      return true;
    };
    for (let round = 0, improved = true; improved && round < 20; round++) {
      improved = false;
      for (let a = 0; a < picks.length; a++) {
        for (let x = 0; x < space.actions[a]!.length; x++) {
          const before = picks[a]!;
          picks[a] = x;
          if (x !== before && better()) improved = true;
          else picks[a] = before;
        }
      }
      if (improved || !pairs || picks.length > 8) continue;
      for (let a = 0; a < picks.length; a++) {
        for (let b = a + 1; b < picks.length; b++) {
          for (let x = 0; x < space.actions[a]!.length; x++) {
            for (let y = 0; y < space.actions[b]!.length; y++) {
              const [beforeA, beforeB] = [picks[a]!, picks[b]!];
              if (x === beforeA || y === beforeB) continue;
              [picks[a], picks[b]] = [x, y];
              if (better()) improved = true;
              else [picks[a], picks[b]] = [beforeA, beforeB];
            }
          }
        }
      }
    }
    return { picks, value: best };
  };

  const greedy = (
    of: DenseNet,
    features: Float32Array,
    chance: Random,
    start?: readonly number[],
  ): number[] => {
    if (head === 'action-input') {
      const starts = [drawn(chance), ...(start ? [start] : [])];
      const climbed = starts.map((from) => climb(of, features, from, false));
      const best = climbed.reduce((a, b) => (b.value > a.value ? b : a));
      return climb(of, features, best.picks, true).picks;
    }
    const values = of.allOutputs(features);
    if (head === 'summed') {
      const lists = space.actions.map((list, d) => values.subarray(offsets[d], offsets[d]! + list.length));
      return largestSum(space, lists, floorMask);
    }
    let best = 0;
    for (let at = 1; at < values.length; at++) if (values[at]! > values[best]!) best = at;
    return decode(space, open ? open[best]! : best);
  };

  return { net, input: (features, picks) => input(features, picks), rows, value, random: drawn, greedy };
}
