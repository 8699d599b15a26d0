import type { Random } from '@weir/base';
import { type Decision, type Dispatcher, createDispatcher } from '@weir/dispatch';
import type { Outcome, Placement } from '@weir/domain';
import { SlotNode } from './node.ts';
import type { EventQueue } from './events.ts';
import { type World, type WorldDevice, cellOf, trueNetworkMs, trueServiceMs } from './world.ts';

/** Result of one frame. Times in ms. */
export interface AsyncFrame {
  readonly device: number;
  /** Number among this device's frames, from 0. */
  readonly index: number;
  readonly cameAt: number;
  readonly endedAt: number;
  readonly responseMs: number;
  readonly decision: Decision;
}

/**
 * What a device knows of the remote nodes at dispatch: `reports`, as in a real cell; `tiers`, their exact state at that
 * instant; `everything`, also frames of other devices still under way.
 */
export type Knowledge = 'reports' | 'tiers' | 'everything';

export interface AgentOptions {
  readonly world: World;
  readonly device: WorldDevice;
  readonly index: number;
  readonly nodes: readonly SlotNode[];
  readonly events: EventQueue;
  readonly random: Random;
  /** σ of the lognormal noise of every service and network time. */
  readonly noise: number;
  /** What is known about the remote nodes at every dispatch. */
  readonly knows: Knowledge;
  /** True: each answer carries the node's load. */
  readonly loadWithAnswers: boolean;
  readonly answered: (frame: AsyncFrame) => void;
  /** No action was allowed, or every target failed. */
  readonly refused: (cameAt: number, error: unknown) => void;
  readonly outcome: (outcome: Outcome) => void;
}

/** One device in virtual time: its own processor, its links, and the real dispatcher. */
export interface AsyncAgent {
  readonly device: WorldDevice;
  readonly dispatcher: Dispatcher;
  readonly local: SlotNode;
  readonly outstanding: number;
  frame(): void;
  /** Probes silent nodes. */
  probe(): void;
}

export function createAsyncAgent(options: AgentOptions): AsyncAgent {
  const { world, device, index, nodes, events, random, noise } = options;
  const local = new SlotNode(device.id, 1, events);
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const dispatcher = createDispatcher({
    deviceId: device.id,
    localNode: cellOf(world).devices.find(({ id }) => id === device.id)?.local ?? {
      id: device.id,
      tier: 'device',
      slots: 1,
      variants: world.variants.map(({ name }) => name),
    },
    variants: world.variants,
    objective: world.objective,
    random: random.fork('dispatch'),
  });
  for (const { id } of nodes) dispatcher.setReachable(id, true, 0);
  let frames = 0;
  let outstanding = 0;

  const noisy = (ms: number) => ms * Math.exp(noise * random.normal() - (noise * noise) / 2);

  function place(cameAt: number, frame: number, exclude: readonly string[]): void {
    const { now } = events;
    if (options.knows !== 'reports')
      for (const node of nodes) {
        if (node.down) continue;
        dispatcher.reportLoad(options.knows === 'tiers' ? node.load() : node.trueLoad(device.id), now);
      }
    dispatcher.reportLoad(local.load(), now);
    let decision: Decision;
    try {
      decision = dispatcher.dispatch(now, { exclude });
    } catch (error) {
      outstanding--;
      options.refused(cameAt, error);
      return;
    }
    const { placement } = decision;
    const serviceMs = trueServiceMs(world, device, placement);
    const node = placement.tier === 'device' ? local : nodeOf.get(placement.nodeId)!;
    const networkMs = trueNetworkMs(world, device, placement.nodeId);
    const uplinkMs = noisy(networkMs / 2);
    const downlinkMs = noisy(networkMs / 2);
    const computeMs = noisy(serviceMs);
    const tell = (queueMs: number, concurrency: number, failure?: string) =>
      options.outcome({
        deviceId: device.id,
        placement,
        planVersion: decision.directiveVersion,
        reason: decision.reason,
        at: events.now,
        hops: { agentMs: 0, uplinkMs, queueMs, decodeMs: 0, computeMs, downlinkMs },
        responseMs: uplinkMs + queueMs + computeMs + downlinkMs,
        predictedMs: decision.predictedMs,
        energyJ: 0,
        accuracy: decision.accuracy,
        margin: 0.5,
        concurrency,
        batchSize: 1,
        propensity: decision.propensity,
        ...(failure !== undefined && { failure }),
      });
    const sent = { deviceId: device.id, nominalMs: nominalMs(world, device, placement) };
    if (options.knows === 'everything') node.underWay.add(sent);
    events.after(uplinkMs, () => {
      node.underWay.delete(sent);
      node.arrive({
        nominalMs: sent.nominalMs,
        serviceMs: computeMs,
        done({ queueMs, concurrency }) {
          const load = node.load();
          events.after(downlinkMs, () => {
            if (placement.tier !== 'device' && options.loadWithAnswers)
              dispatcher.reportLoad(load, events.now);
            const responseMs = events.now - cameAt;
            dispatcher.settle(
              decision,
              {
                ok: true,
                responseMs: uplinkMs + queueMs + computeMs + downlinkMs,
                queueMs,
                serviceMs: computeMs,
              },
              events.now,
            );
            tell(queueMs, concurrency);
            outstanding--;
            options.answered({
              device: index,
              index: frame,
              cameAt,
              endedAt: events.now,
              responseMs,
              decision,
            });
          });
        },
        lost() {
          // The connection breaks: the agent notices one network delay later and sends the frame elsewhere.
          events.after(downlinkMs, () => {
            dispatcher.settle(decision, { ok: false }, events.now);
            dispatcher.setReachable(node.id, false, events.now);
            tell(0, 0, 'UNAVAILABLE');
            place(cameAt, frame, [...exclude, node.id]);
          });
        },
      });
    });
  }

  /** A copy of a frame, to find out how an ejected node does: nobody waits for it. */
  function probeOutlier(): void {
    const decision = dispatcher.probe(events.now);
    if (!decision) return;
    const { placement } = decision;
    const oneWayMs = trueNetworkMs(world, device, placement.nodeId) / 2;
    const serviceMs = trueServiceMs(world, device, placement);
    const sentAt = events.now;
    events.after(oneWayMs, () =>
      nodeOf.get(placement.nodeId)!.arrive({
        nominalMs: nominalMs(world, device, placement),
        serviceMs,
        done: ({ queueMs }) =>
          events.after(oneWayMs, () =>
            dispatcher.settle(
              decision,
              { ok: true, responseMs: events.now - sentAt, queueMs, serviceMs },
              events.now,
            ),
          ),
        lost: () => events.after(oneWayMs, () => dispatcher.settle(decision, { ok: false }, events.now)),
      }),
    );
  }

  return {
    device,
    dispatcher,
    local,
    get outstanding() {
      return outstanding;
    },
    frame() {
      if (!device.present) return;
      outstanding++;
      probeOutlier();
      place(events.now, frames++, []);
    },
    probe() {
      for (const id of dispatcher.probesDue(events.now)) {
        const oneWayMs = trueNetworkMs(world, device, id) / 2;
        events.after(oneWayMs, () => {
          const node = nodeOf.get(id)!;
          if (node.down) return;
          const load = node.load();
          events.after(oneWayMs, () => dispatcher.reportLoad(load, events.now));
        });
      }
    },
  };
}

/** The service time before any drift, as the node's operator would expect. */
function nominalMs(world: World, device: WorldDevice, placement: Placement): number {
  const node = world.nodes.find(({ id }) => id === placement.nodeId);
  return trueServiceMs(world, device, placement) / (node ? node.slowdown : device.slowdown);
}
