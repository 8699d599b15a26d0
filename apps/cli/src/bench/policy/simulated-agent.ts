import { credentials } from '@grpc/grpc-js';
import { OutcomePause, StateReports } from '@weir/dispatch';
import {
  type DeviceHello,
  type DeviceState,
  nodeReport,
  type NodeReport,
  type Outcome,
  type TargetReport,
} from '@weir/domain';
import { policy } from '@weir/proto';
import { openDuplex } from '@weir/rpc';
import { helloToWire, outcomeToWire, stateToWire } from '@weir/wire';

/** One session: a connection of its own, one outcome a second and its state as agents tell it; computes nothing and obeys nothing. */
export interface SimulatedAgent extends AsyncDisposable {
  /** Resolves with the first directive. */
  readonly planned: Promise<void>;
  /** Resolves when its session has ended, however. */
  readonly ended: Promise<void>;
  /** Has one more outcome, which goes out as an agent's do: with others where the policy asks for a pause, and with the state where that is due. */
  say(): void;
}

/** What became of the sessions of a process. */
export interface Heard {
  /** From sending an outcome to its acknowledgement, ms. */
  readonly ackMs: number[];
  directives: number;
  /** Messages of outcomes sent. */
  messages: number;
  /** Sessions that have failed, with why. */
  readonly failures: string[];
}

const variants: DeviceHello['variants'] = [
  { name: 'small', macs: 41e6, precision: 'int8', accuracy: 0.7 },
  { name: 'large', macs: 569e6, precision: 'fp32', accuracy: 0.9 },
];

export function simulatedAgent(
  address: string,
  { cellId, deviceId, heard }: { cellId: string; deviceId: string; heard: Heard },
): SimulatedAgent {
  const client = new policy.PolicyServiceClient(address, credentials.createInsecure(), {
    // Agents share no connection.
    'grpc.use_local_subchannel_pool': 1,
  });
  const duplex = openDuplex(client, client.orchestrate);
  const instanceId = `${deviceId}-${process.pid}`;
  const planned = Promise.withResolvers<void>();
  planned.promise.catch(() => {});
  const sentAt = new Map<bigint, number>();
  let acknowledged = 0n;
  let sequence = 0n;
  let unsent: { sequence: bigint; outcome: Outcome; confidence: number }[] = [];
  const pause = new OutcomePause(Math.random);
  let timer: NodeJS.Timeout | undefined;
  let placement: Outcome['placement'] = { tier: 'device', nodeId: deviceId, variant: 'large' };

  const hello = simulatedHello(deviceId, instanceId);
  const reports = new StateReports(() => simulatedState(hello));

  const receive = async () => {
    for await (const { message } of duplex) {
      if (message?.$case === 'directive') {
        heard.directives++;
        reports.pauseAtMost(message.value.statePauseMs);
        pause.ask(message.value.outcomePauseMs);
        const { planned: at } = message.value;
        if (at)
          placement = {
            tier: at.nodeId === deviceId ? 'device' : 'edge',
            nodeId: at.nodeId,
            variant: at.variant,
          };
        planned.resolve();
      } else if (message?.$case === 'ack') {
        const now = performance.now();
        for (; acknowledged < message.value.throughSequence; acknowledged++) {
          heard.ackMs.push(now - sentAt.get(acknowledged + 1n)!);
          sentAt.delete(acknowledged + 1n);
        }
      }
    }
  };
  const send = () => {
    const now = performance.now();
    timer = undefined;
    pause.sent(now);
    for (const { sequence: number } of unsent) sentAt.set(number, now);
    heard.messages++;
    const due = reports.dueWithOutcomes(now);
    const value = {
      outcomes: unsent.map((outcome) => outcomeToWire(outcome, now)),
      oldestPendingSequence: acknowledged + 1n,
      state: due && stateToWire(due),
    };
    unsent = [];
    void duplex.send({ message: { $case: 'outcomes', value } });
  };
  let over = false;
  const ended = receive().catch((error: unknown) => {
    planned.reject(error);
    if (!over) heard.failures.push(String(error));
  });
  void duplex.send({
    message: { $case: 'hello', value: helloToWire({ cellId, hello, takesRenewals: true }) },
  });
  return {
    planned: planned.promise,
    ended,
    say() {
      const now = performance.now();
      const outcome = outcomeAt(placement, { deviceId, now });
      unsent.push({ sequence: ++sequence, outcome, confidence: 0.8 });
      timer ??= setTimeout(send, Math.max(0, pause.leftMs(now)));
    },
    async [Symbol.asyncDispose]() {
      over = true;
      clearTimeout(timer);
      duplex.cancel();
      await ended;
      client.close();
    },
  };
}

/** A device with two variants and one target. */
export const simulatedHello = (deviceId: string, instanceId: string): DeviceHello => ({
  deviceId,
  instanceId,
  local: idleNode(deviceId, 'device', { slots: 1, small: 30, large: 290 }),
  variants,
  targets: [edge],
});

export const simulatedState = ({ local, targets }: DeviceHello): DeviceState => ({
  framesPerSecond: 1,
  arrivalVariability: 1,
  targets,
  local,
});

/** What an answer cost that was given as planned. */
export function outcomeAt(
  placement: Outcome['placement'],
  { deviceId, now }: { deviceId: string; now: number },
): Outcome {
  const small = placement.variant === 'small';
  const local = placement.tier === 'device';
  const computeMs = (small ? 5 : 48) * (local ? 6 : 1) * (0.95 + 0.1 * Math.random());
  const networkMs = local ? 0 : 9;
  return {
    deviceId,
    placement,
    planVersion: 1,
    reason: 'planned',
    at: now,
    hops: {
      agentMs: 1,
      uplinkMs: networkMs / 2,
      queueMs: 0,
      decodeMs: 2,
      computeMs,
      downlinkMs: networkMs / 2,
    },
    responseMs: computeMs + networkMs + 3,
    predictedMs: computeMs + networkMs + 3,
    energyJ: 0.5,
    accuracy: small ? 0.7 : 0.9,
    margin: 0.4,
    concurrency: 0,
    propensity: 1,
  };
}

/** `small`, `large`: service times, ms. */
function idleNode(
  nodeId: string,
  tier: 'device' | 'edge',
  { slots, small, large }: { slots: number; small: number; large: number },
): NodeReport {
  const counts = { inService: 0, queued: 0, backlogMs: 0, meanBacklogMs: 0, congestionPerMs: 0 };
  const figures = [
    { variant: 'small', serviceMs: small, energyJ: 0 },
    { variant: 'large', serviceMs: large, energyJ: 0 },
  ];
  return nodeReport({ nodeId, tier }, { slots, utilization: 0, ...counts }, { figures });
}

const edge: TargetReport = {
  report: idleNode('edge-1', 'edge', { slots: 8, small: 5, large: 50 }),
  roundTripMs: 9,
  reachable: true,
};
