import { seededRandom, silentLogger, systemClock } from '@weir/base';
import type { Outcome } from '@weir/domain';
import { policy } from '@weir/proto';
import { connect, openDuplex } from '@weir/rpc';
import { helloToWire } from '@weir/wire';
import { randomUUID } from 'node:crypto';
import {
  outcomeAt,
  simulatedHello,
  simulatedState,
} from '../../apps/cli/src/bench/policy/simulated-agent.ts';
import { OutcomeBuffer } from '../../apps/device-agent/src/policy/outcome-buffer.ts';
import { PolicyRoute } from '../../apps/device-agent/src/policy/policy-route.ts';
import { PolicySession } from '../../apps/device-agent/src/policy/policy-session.ts';

/** A device that computes nothing, and speaks with the policies as an agent does. */
export interface Agent extends AsyncDisposable {
  readonly cellId: string;
  readonly deviceId: string;
  /** One more outcome, whose `predictedMs` is its number: 1, 2, 3 … */
  answer(): void;
  readonly answered: number;
  /** All outcomes up to this one were acknowledged. */
  readonly acknowledged: number;
  /** How long each waited for that, ms. */
  readonly acknowledgedAfterMs: readonly number[];
  /** The owners whose directives it obeyed, in order. */
  readonly owners: readonly ObeyedOwner[];
  /** When it last obeyed a directive, ms of `performance.now`. */
  readonly directedAt: number;
  /** The policy that it speaks with. */
  readonly address: string;
}

export interface ObeyedOwner {
  readonly epoch: number;
  /** Of its first and last directive, ms of `performance.now`. */
  readonly firstAt: number;
  lastAt: number;
}

export function startAgent(
  addresses: readonly string[],
  { cellId, deviceId, seed }: { cellId: string; deviceId: string; seed: number },
): Agent {
  const hello = simulatedHello(deviceId, randomUUID());
  const outcomes = new OutcomeBuffer(100_000);
  const route = new PolicyRoute({ addresses, connect, clock: systemClock });
  let placement: Outcome['placement'] = { tier: 'device', nodeId: deviceId, variant: 'large' };
  let [answered, acknowledged, directedAt] = [0, 0, 0];
  const answeredAt: number[] = [];
  const acknowledgedAfterMs: number[] = [];
  const owners: ObeyedOwner[] = [];
  const session = new PolicySession({
    openStream(signal) {
      const client = route.connection.client(policy.PolicyServiceClient);
      const stream = openDuplex(client, client.orchestrate, { signal });
      route.expectAnswer(() => stream.cancel());
      return stream;
    },
    onEnded: (error) => route.ended(error),
    connectionStands: () => route.connection.connected,
    clock: systemClock,
    random: seededRandom(seed),
    logger: silentLogger,
    decisions: () => [],
    outcomes,
    hello: () => helloToWire({ cellId, hello }),
    state: () => simulatedState(hello),
    onDirective({ planned, ownerEpoch = 0 }) {
      placement = planned;
      directedAt = performance.now();
      const owner = owners.at(-1);
      if (owner?.epoch === ownerEpoch) owner.lastAt = directedAt;
      else owners.push({ epoch: ownerEpoch, firstAt: directedAt, lastAt: directedAt });
    },
    onAcknowledged(taken) {
      const last = taken.at(-1);
      if (last) acknowledged = Number(last.sequence);
      for (const { sequence } of taken)
        acknowledgedAfterMs.push(performance.now() - answeredAt[Number(sequence) - 1]!);
    },
  });
  return {
    cellId,
    deviceId,
    owners,
    answer() {
      const outcome = outcomeAt(placement, { deviceId, now: systemClock.now() });
      outcomes.add({ ...outcome, predictedMs: ++answered }, 0.8);
      answeredAt.push(performance.now());
      session.outcomesAdded();
    },
    get answered() {
      return answered;
    },
    acknowledgedAfterMs,
    get acknowledged() {
      return acknowledged;
    },
    get directedAt() {
      return directedAt;
    },
    get address() {
      return route.connection.address;
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await route[Symbol.asyncDispose]();
    },
  };
}
