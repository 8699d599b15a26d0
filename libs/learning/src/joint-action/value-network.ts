import type { Random } from '@weir/base';
import { DenseNet } from './dense-net.ts';
import {
  decode,
  encode,
  feasibleActions,
  isFeasible,
  type JointAction,
  type JointSpace,
  largestSum,
  randomJointAction,
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
  input(features: Float32Array, jointAction: JointAction): Float32Array;
  /** Outputs that add up to the value of a joint action. */
  rows(jointAction: JointAction): readonly number[];
  value(net: DenseNet, features: Float32Array, jointAction: JointAction): number;
  /** The joint actions above the floor, where they are listed. */
  readonly open: Uint32Array | undefined;
  /** Uniform over the joint actions; with `floorMask` over those above the floor. */
  random(random: Random): number[];
  /** The joint action of the largest value in a state (for `action-input`: found by hill climbing). */
  greedy(net: DenseNet, features: Float32Array, random: Random, start?: JointAction): number[];
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
    jointAction: JointAction,
    encoded = new Float32Array(inputs),
  ): Float32Array => {
    if (head !== 'action-input') return features;
    encoded.set(features);
    for (let device = 0; device < jointAction.length; device++)
      encoded[features.length + offsets[device]! + jointAction[device]!] = 1;
    return encoded;
  };
  const scratch = new Float32Array(inputs);
  const rows = (jointAction: JointAction): readonly number[] => {
    if (head === 'action-input') return [0];
    if (head === 'summed') return jointAction.map((action, device) => offsets[device]! + action);
    const index = encode(space, jointAction);
    return [position ? position.get(index)! : index];
  };
  const value = (of: DenseNet, features: Float32Array, jointAction: JointAction): number =>
    of.sum(input(features, jointAction, scratch.fill(0)), rows(jointAction));

  const drawn = (chance: Random): number[] =>
    open ? decode(space, open[chance.integer(open.length)]!) : randomJointAction(space, chance, floorMask);

  /** Changes one device at a time, and with `pairs` two of them where one is not enough, as long as that helps. */
  const climb = (
    of: DenseNet,
    features: Float32Array,
    from: JointAction,
    pairs: boolean,
  ): { jointAction: number[]; value: number } => {
    const jointAction = [...from];
    let best = value(of, features, jointAction);
    const better = (): boolean => {
      if (floorMask && !isFeasible(space, jointAction)) return false;
      const now = value(of, features, jointAction);
      if (now <= best + 1e-7) return false;
      best = now;
      return true;
    };
    for (let round = 0, improved = true; improved && round < 20; round++) {
      improved = false;
      for (let a = 0; a < jointAction.length; a++) {
        for (let x = 0; x < space.actions[a]!.length; x++) {
          const before = jointAction[a]!;
          jointAction[a] = x;
          if (x !== before && better()) improved = true;
          else jointAction[a] = before;
        }
      }
      if (improved || !pairs || jointAction.length > 8) continue;
      for (let a = 0; a < jointAction.length; a++) {
        for (let b = a + 1; b < jointAction.length; b++) {
          for (let x = 0; x < space.actions[a]!.length; x++) {
            for (let y = 0; y < space.actions[b]!.length; y++) {
              const [beforeA, beforeB] = [jointAction[a]!, jointAction[b]!];
              if (x === beforeA || y === beforeB) continue;
              [jointAction[a], jointAction[b]] = [x, y];
              if (better()) improved = true;
              else [jointAction[a], jointAction[b]] = [beforeA, beforeB];
            }
          }
        }
      }
    }
    return { jointAction, value: best };
  };

  const greedy = (of: DenseNet, features: Float32Array, chance: Random, start?: JointAction): number[] => {
    if (head === 'action-input') {
      const starts = [drawn(chance), ...(start ? [start] : [])];
      const climbed = starts.map((from) => climb(of, features, from, false));
      const best = climbed.reduce((a, b) => (b.value > a.value ? b : a));
      return climb(of, features, best.jointAction, true).jointAction;
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

  return {
    net,
    open,
    input: (features, jointAction) => input(features, jointAction),
    rows,
    value,
    random: drawn,
    greedy,
  };
}
