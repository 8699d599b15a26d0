import type { Random } from '@weir/base';
import { type Decision, type Dispatcher, type Settlement, createDispatcher } from '@weir/dispatch';
import { type Outcome, tightenObjective } from '@weir/domain';
import type { EventQueue } from './events.ts';
import { type LookTimes, look, nominalMs, responseMs } from './look.ts';
import { SlotNode } from './node.ts';
import { type ComparedPicture, type PictureModel, drifted, noDrift, shortfall } from './pictures.ts';
import type { TimeNoise } from './time-noise.ts';
import {
  type World,
  type WorldDevice,
  bestVariant,
  localNodeOf,
  trueNetworkMs,
  trueServiceMs,
} from './world.ts';

/** Result of one frame. Times in ms. */
export interface AsyncFrame {
  readonly device: number;
  /** Number among this device's frames, from 0. */
  readonly index: number;
  readonly cameAt: number;
  readonly endedAt: number;
  /** Of both looks together. */
  readonly responseMs: number;
  /** Of the first look. */
  readonly decision: Decision;
  /** A: what the frame counts for against the floor, less what a second look that came to nothing would have gained. */
  readonly promised: number;
  /** Of the second look whose answer it is; absent: it is the first's. */
  readonly second?: Decision;
  /** Whether the answer is right. */
  readonly right: boolean;
  /** Accuracy of frames that are looked at like this, as the pictures truly are. */
  readonly accuracy: number;
  /** Whether the most accurate variant says the same. */
  readonly agrees: boolean;
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
  readonly pictures: PictureModel;
  readonly noise: TimeNoise;
  /** What is known about the remote nodes at every dispatch. */
  readonly knows: Knowledge;
  /** True: each answer carries the node's load. */
  readonly loadWithAnswers: boolean;
  readonly answered: (frame: AsyncFrame) => void;
  /** No action was allowed, or every target failed. */
  readonly refused: (cameAt: number, error: unknown) => void;
  readonly outcome: (outcome: Outcome) => void;
  /** A share of its answers is audited, as the objective says. */
  readonly audits: boolean;
  /** Stands between a device and its dispatcher, e.g. with a watch. @default nothing */
  readonly around?: ((dispatcher: Dispatcher) => Dispatcher) | undefined;
}

/** One device in virtual time: its own processor, its links, and the real dispatcher. */
export interface AsyncAgent {
  readonly device: WorldDevice;
  readonly dispatcher: Dispatcher;
  readonly local: SlotNode;
  readonly outstanding: number;
  /** `certainty` of its picture, where that is known; else it is drawn. */
  frame(certainty?: number): void;
  /** Probes silent nodes. */
  probe(): void;
}

/** A frame under way. */
interface Frame {
  readonly index: number;
  readonly cameAt: number;
  readonly picture: ComparedPicture;
  /** Nodes that it was lost at. */
  readonly exclude: readonly string[];
}

/** Of outcomes that only tell what was seen. */
const noTimes = {
  hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 0, downlinkMs: 0 },
  responseMs: 0,
  predictedMs: 0,
  energyJ: 0,
  accuracy: 0,
  margin: 0,
  concurrency: 0,
  propensity: 1,
} as const;

/** A first look that was unsure. */
interface FirstLook {
  readonly decision: Decision;
  readonly margin: number;
}

export function createAsyncAgent(options: AgentOptions): AsyncAgent {
  const { world, device, index, nodes, events, random, pictures, around = (own) => own } = options;
  const localNode = localNodeOf(world, device);
  const objective = tightenObjective(world.objective, device.objective);
  const local = new SlotNode(device.id, localNode.slots, events);
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const created = createDispatcher({
    deviceId: device.id,
    localNode,
    variants: world.variants,
    ...(world.looks && { looks: world.looks }),
    objective,
    random: random.fork('dispatch'),
  });
  const dispatcher = around(created);
  for (const { id } of nodes) dispatcher.setReachable(id, true, 0);
  const drawn = random.fork('pictures');
  const drifts = random.fork('pictures/drift');
  const audits = random.fork('audits');
  const best = bestVariant(world.variants).name;
  const picturesNow = () => world.pictures ?? noDrift;
  let frames = 0;
  let outstanding = 0;

  /** The device sees as much as it knows at this instant. */
  function seeLoads(): void {
    const { now } = events;
    if (options.knows !== 'reports')
      for (const node of nodes) {
        if (node.down) continue;
        dispatcher.reportLoad(options.knows === 'tiers' ? node.load() : node.trueLoad(device.id), now);
      }
    dispatcher.reportLoad(local.load(), now);
  }

  function place(frame: Frame): void {
    seeLoads();
    let decision: Decision;
    try {
      decision = dispatcher.dispatch(events.now, { exclude: frame.exclude });
    } catch (error) {
      outstanding--;
      options.refused(frame.cameAt, error);
      return;
    }
    send(
      decision,
      (times, settlement) => firstAnswered(frame, decision, times, settlement),
      (times, nodeId) => {
        dispatcher.settle(decision, { ok: false }, events.now);
        dispatcher.setReachable(nodeId, false, events.now);
        tell(decision, times, { failure: 'UNAVAILABLE' });
        place({ ...frame, exclude: [...frame.exclude, nodeId] });
      },
    );
  }

  function firstAnswered(frame: Frame, decision: Decision, times: LookTimes, settlement: Settlement): void {
    const { lookAgain, placement } = decision;
    const margin = pictures.margin(placement.variant, frame.picture);
    if (!lookAgain || margin >= lookAgain.marginBelow) {
      dispatcher.settle(decision, settlement, events.now);
      tell(decision, times, { margin });
      end(frame, { decision, margin });
      return;
    }
    const second = again(frame, decision, settlement);
    tell(decision, times, { margin, ...(second && { lookedAgain: true }) });
    if (second) lookTwice(frame, { decision, margin }, second);
    else end(frame, { decision, margin });
  }

  const again = (frame: Frame, decision: Decision, settlement: Settlement) => {
    seeLoads();
    const deadlineMs = objective.deadlineMs - (events.now - frame.cameAt);
    return dispatcher.lookAgain(decision, settlement, events.now, { exclude: frame.exclude, deadlineMs });
  };

  function lookTwice(frame: Frame, first: FirstLook, second: Decision): void {
    const { margin, decision } = first;
    const { placement } = decision;
    const told = (agreed: boolean) => ({ firstLook: { placement, margin, agreed } });
    send(
      second,
      (times, settlement) => {
        dispatcher.settle(second, settlement, events.now);
        const agreed = pictures.agree(
          frame.picture,
          placement.variant,
          second.placement.variant,
          picturesNow(),
        );
        tell(second, times, told(agreed));
        end(frame, first, second);
      },
      (times, nodeId) => {
        const rest = { ...frame, exclude: [...frame.exclude, nodeId] };
        dispatcher.setReachable(nodeId, false, events.now);
        tell(second, times, { ...told(false), failure: 'UNAVAILABLE' });
        const another = again(rest, second, { ok: false });
        if (another) lookTwice(rest, first, another);
        else end(rest, first);
      },
    );
  }

  function end(frame: Frame, { decision, margin }: FirstLook, second?: Decision): void {
    const { cameAt } = frame;
    const missed = !second && margin < (decision.lookAgain?.marginBelow ?? 0);
    const { variant } = (second ?? decision).placement;
    const agrees = variant === best || pictures.agree(frame.picture, variant, best, picturesNow());
    outstanding--;
    options.answered({
      device: index,
      index: frame.index,
      cameAt,
      endedAt: events.now,
      responseMs: events.now - cameAt,
      decision,
      promised: decision.accuracy - (missed ? shortfall(world.looks, decision) : 0),
      ...(second && { second }),
      right: isRight(frame, decision, second),
      accuracy:
        pictures.accuracy(picturesNow(), decision.placement.variant, decision.lookAgain) -
        (missed ? shortfall(world.looks, decision) : 0),
      agrees,
    });
    if (options.audits && !second && variant !== best) audit(decision, { margin, agreed: agrees });
  }

  /** By the most accurate variant, where a node that serves it is idle; it takes nobody's time. */
  function audit({ placement, directiveVersion }: Decision, look: { margin: number; agreed: boolean }): void {
    const { auditShare } = world.objective;
    if (!(audits.uniform() < auditShare)) return;
    const node = nodes.find((each) => !each.down && each.load().inService === 0);
    if (!node) return;
    const { tier } = world.nodes.find(({ id }) => id === node.id)!;
    options.outcome({
      ...noTimes,
      deviceId: device.id,
      placement: { tier, nodeId: node.id, variant: best },
      planVersion: directiveVersion,
      reason: 'audit',
      at: events.now,
      firstLook: { placement, ...look },
      auditProbability: auditShare,
      shadow: true,
    });
  }

  const isRight = ({ picture }: Frame, first: Decision, second?: Decision) =>
    pictures.right(picture, first.placement.variant, second?.placement.variant, picturesNow());

  /** One look; calls back when it is answered, or lost with its node. */
  function send(
    { placement }: Decision,
    answered: (times: LookTimes, settlement: Settlement) => void,
    lost: (times: LookTimes, nodeId: string) => void,
  ): void {
    const { noise, knows, loadWithAnswers } = options;
    const node = placement.tier === 'device' ? local : nodeOf.get(placement.nodeId)!;
    const seenUnderWay = knows === 'everything';
    look({ world, device, node, placement, events, random, noise, seenUnderWay }, (times) => {
      const { load, queueMs, computeMs: serviceMs } = times;
      if (!load) return lost(times, node.id);
      if (placement.tier !== 'device' && loadWithAnswers) dispatcher.reportLoad(load, events.now);
      answered(times, { ok: true, responseMs: responseMs(times), queueMs, serviceMs });
    });
  }

  function tell(
    decision: Decision,
    times: LookTimes,
    more: Partial<Pick<Outcome, 'margin' | 'failure' | 'lookedAgain' | 'firstLook'>>,
  ): void {
    const { uplinkMs, queueMs, computeMs, downlinkMs, concurrency } = times;
    options.outcome({
      deviceId: device.id,
      placement: decision.placement,
      planVersion: decision.directiveVersion,
      reason: decision.reason,
      at: events.now,
      hops: { agentMs: 0, uplinkMs, queueMs, decodeMs: 0, computeMs, downlinkMs },
      responseMs: responseMs(times),
      predictedMs: decision.predictedMs,
      energyJ: world.work.energyJ?.(decision.placement) ?? 0,
      accuracy: decision.accuracy,
      margin: 0.5,
      concurrency,
      batchSize: 1,
      propensity: decision.propensity,
      ...(decision.lookAgain && { lookAgainBelow: decision.lookAgain.marginBelow }),
      ...more,
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
    frame(certainty) {
      if (!device.present) return;
      outstanding++;
      probeOutlier();
      const picture = {
        certainty: certainty ?? drawn.uniform(),
        difficulty: drawn.uniform(),
        doubt: drifts.uniform(),
      };
      place({
        index: frames++,
        cameAt: events.now,
        picture: drifted(picture, picturesNow(), drifts.uniform()),
        exclude: [],
      });
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
