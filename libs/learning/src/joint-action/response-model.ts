import type { Random } from '@weir/base';
import { DenseNet, type Example } from './dense-net.ts';
import type { JointAction, JointSpace } from './joint-space.ts';

/** A learned model of the cell: the response time of each device under a joint action in a state. */
export interface ResponseModel {
  readonly net: DenseNet;
  /** What the network learns of one device's answer. `responseMs` > 0. */
  example(features: Float32Array, jointAction: JointAction, device: number, responseMs: number): Example;
  /** Mean response time of a joint action, ms. */
  meanMs(features: Float32Array, jointAction: JointAction): number;
}

/** Response time that counts as 1 inside the network, ms. */
const scaleMs = 300;

/**
 * One network for all devices, so that each of them teaches it about the others: its input is the state, the device,
 * the device's own action and the share of devices on each remote node; its output is the response time.
 */
export function responseModel(
  space: JointSpace,
  { hidden }: { hidden: readonly number[] },
  random: Random,
): ResponseModel {
  const n = space.actions.length;
  // The same kind of action of two devices shares one input; "here" is the device's own processor.
  const kinds = new Map<string, number>();
  const nodes = new Map<string, number>();
  const indexIn = (map: Map<string, number>, key: string) => {
    const known = map.get(key) ?? map.size;
    map.set(key, known);
    return known;
  };
  const actions = space.actions.map((list) =>
    list.map(({ tier, nodeId, variant }) => {
      const here = tier === 'device';
      const kind = indexIn(kinds, `${here ? 'here' : nodeId}\n${variant}`);
      return { kind, node: here ? undefined : indexIn(nodes, nodeId) };
    }),
  );
  const own = space.features.length;
  const kind = own + n;
  const shared = kind + kinds.size;
  const net = new DenseNet({ inputs: shared + nodes.size, hidden, outputs: 1 }, random);
  const rows = [0];

  const shareNodes = (encoded: Float32Array, jointAction: JointAction) => {
    for (let device = 0; device < n; device++) {
      const { node } = actions[device]![jointAction[device]!]!;
      if (node !== undefined) encoded[shared + node]! += 1 / n;
    }
  };
  const mark = (encoded: Float32Array, jointAction: JointAction, device: number, value: number) => {
    encoded[own + device] = value;
    encoded[kind + actions[device]![jointAction[device]!]!.kind] = value;
  };
  const scratch = new Float32Array(net.shape.inputs);

  return {
    net,
    example: (features, jointAction, device, responseMs) => {
      const input = new Float32Array(net.shape.inputs);
      input.set(features);
      mark(input, jointAction, device, 1);
      shareNodes(input, jointAction);
      return { input, rows, target: responseMs / scaleMs };
    },
    meanMs: (features, jointAction) => {
      scratch.fill(0).set(features);
      shareNodes(scratch, jointAction);
      let sum = 0;
      for (let device = 0; device < n; device++) {
        mark(scratch, jointAction, device, 1);
        sum += net.sum(scratch, rows);
        mark(scratch, jointAction, device, 0);
      }
      return (scaleMs * sum) / n;
    },
  };
}
