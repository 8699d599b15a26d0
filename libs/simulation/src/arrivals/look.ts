import type { Random } from '@weir/base';
import type { NodeLoad, Placement } from '@weir/domain';
import type { EventQueue } from './events.ts';
import type { SlotNode } from './node.ts';
import type { TimeNoise } from './time-noise.ts';
import { type World, type WorldDevice, trueNetworkMs, trueServiceMs } from './world.ts';

export interface LookOptions {
  readonly world: World;
  readonly device: WorldDevice;
  /** Where it runs. */
  readonly node: SlotNode;
  readonly placement: Placement;
  readonly events: EventQueue;
  readonly random: Random;
  readonly noise: TimeNoise;
  /** True: the node's omniscient observers see it under way. */
  readonly seenUnderWay: boolean;
}

/** Where the time of one look went, ms, and what the node was like. */
export interface LookTimes {
  readonly uplinkMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  readonly downlinkMs: number;
  readonly concurrency: number;
  /** As of the answer; undefined: the node is gone, and there is no answer. */
  readonly load: NodeLoad | undefined;
}

export const responseMs = ({ uplinkMs, queueMs, computeMs, downlinkMs }: LookTimes): number =>
  uplinkMs + queueMs + computeMs + downlinkMs;

/** Sends one frame to one node, and calls back when the device has the answer, or notices that there will be none. */
export function look(options: LookOptions, ended: (times: LookTimes) => void): void {
  const { world, device, node, placement, events, random, noise } = options;
  const serviceMs = trueServiceMs(world, device, placement);
  const networkMs = trueNetworkMs(world, device, placement.nodeId);
  const uplinkMs = (networkMs / 2) * noise('network', random);
  const downlinkMs = (networkMs / 2) * noise('network', random);
  const computeMs = serviceMs * noise('service', random);
  const sent = { deviceId: device.id, nominalMs: nominalMs(world, device, placement) };
  if (options.seenUnderWay) node.underWay.add(sent);
  events.after(uplinkMs, () => {
    node.underWay.delete(sent);
    const back = (times: Pick<LookTimes, 'queueMs' | 'concurrency' | 'load'>) =>
      events.after(downlinkMs, () => ended({ uplinkMs, computeMs, downlinkMs, ...times }));
    node.arrive({
      nominalMs: sent.nominalMs,
      serviceMs: computeMs,
      done: ({ queueMs, concurrency }) => back({ queueMs, concurrency, load: node.load() }),
      // The connection breaks: the agent notices one network delay later.
      lost: () => back({ queueMs: 0, concurrency: 0, load: undefined }),
    });
  });
}

/** The service time before any drift, as the node's operator would expect. */
export function nominalMs(world: World, device: WorldDevice, placement: Placement): number {
  const node = world.nodes.find(({ id }) => id === placement.nodeId);
  return trueServiceMs(world, device, placement) / (node ? node.slowdown : device.slowdown);
}
