import {
  type Clock,
  DeadlineExceeded,
  type FieldViolation,
  InvalidInput,
  type Logger,
  Unavailable,
} from '@weir/base';
import type { DeviceHello, OutcomeBatch, RefusedOutcome } from '@weir/domain';
import type { policy } from '@weir/proto';
import { type CallContext, type DuplexStream, untilAborted } from '@weir/rpc';
import { checkDecisionTrace, firstFromWire, outcomesFromWire, stateFromWire, tellOnce } from '@weir/wire';
import { storeNotWritable } from '@weir/storage';
import { DecisionQuestions } from './decision-questions.ts';
import { type AgentLink, isReplaced } from './registry.ts';
import type { CellHost } from '../cell/host.ts';
import type { Families } from '../cell/families.ts';
import type { DeviceInstances } from './instances.ts';
import { Outbox } from './outbox.ts';

/** Batches of one agent that may be at the disk at once; a further one is not read before one of them is safe. */
const batchesInFlight = 32;

export interface SessionDeps {
  readonly families: Families;
  readonly instances: DeviceInstances;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an opened stream may stay without its Hello, ms. */
  readonly helloTimeoutMs: number;
}

type Stream = DuplexStream<policy.OrchestrateRequest, policy.OrchestrateResponse>;

/**
 * One Orchestrate call: Hello, then outcomes and states in any order. Ends with ABORTED when another session of the
 * same agent begins, FAILED_PRECONDITION when a newer agent runs as the same device, UNAVAILABLE when the service drains, its
 * disk fails or takes outcomes again after it took none, INVALID_ARGUMENT at a faulty message; what of
 * a message is merely unusable is left out and told.
 * Outcomes are acknowledged when they are durable, also those that came just before the end.
 */
export async function orchestrate(
  stream: Stream,
  { signal, draining, caller }: CallContext,
  { families, instances, clock, logger, helloTimeoutMs }: SessionDeps,
): Promise<void> {
  const ended = new AbortController();
  const stopTimer = clock.after(helloTimeoutMs, () =>
    ended.abort(new DeadlineExceeded(`no hello within ${helloTimeoutMs} ms`)),
  );
  const over = AbortSignal.any([signal, draining, ended.signal]);
  const messages = untilAborted(stream, over);
  try {
    const first = await messages.next();
    over.throwIfAborted();
    if (first.done) return;
    const { value, leftOut } = firstFromWire(first.value);
    const { cellId, hello, takesRenewals } = value;
    using claim = instances.claim({ cellId, deviceId: hello.deviceId, instanceId: hello.instanceId });
    const renewal = () => cell.devices.sessions.renewal(hello.deviceId, link);
    const outbox = new Outbox(takesRenewals ? renewal : undefined);
    const questions = new DecisionQuestions((wanted) => outbox.ask(wanted), clock);
    const link: AgentLink = {
      ask: (limit) => questions.ask(limit),
      push: (directive) => outbox.push(directive),
      end: (reason) => ended.abort(isReplaced(reason) ? claim.ending(reason) : reason),
    };
    const cell: CellHost = await families.join(cellId, hello, { link, by: caller });
    claim.stands();
    stopTimer();
    logger.info({ cellId, deviceId: hello.deviceId, instanceId: hello.instanceId }, 'device joined');
    const tellLeftOut = tellOnce((faults) =>
      logger.warn(
        { cellId, deviceId: hello.deviceId, leftOut: faults },
        'unusable parts of a message are left out',
      ),
    );
    tellLeftOut(leftOut);
    // A rejection means that the agent has gone, which ends the messages too.
    const sending = outbox.run((message) => stream.send(message)).catch(() => {});
    const journaling = new Journaling({ cell, hello, outbox, onFailure: (error) => ended.abort(error) });
    try {
      await receive(messages, { cell, hello, journaling, questions, tellLeftOut, clock, over });
    } finally {
      cell.devices.leave(hello.deviceId, link);
      logger.info({ cellId, deviceId: hello.deviceId }, 'device left');
      questions.end(new Unavailable('the session of the device has ended'));
      await journaling.settled();
      outbox.close();
      if (!signal.aborted) await sending;
    }
  } finally {
    stopTimer();
  }
}

async function receive(
  messages: AsyncIterable<policy.OrchestrateRequest>,
  {
    cell,
    hello,
    journaling,
    questions,
    tellLeftOut,
    clock,
    over,
  }: {
    cell: CellHost;
    hello: DeviceHello;
    journaling: Journaling;
    questions: DecisionQuestions;
    tellLeftOut: (leftOut: readonly FieldViolation[]) => void;
    clock: Clock;
    over: AbortSignal;
  },
): Promise<void> {
  const report = (state: policy.AgentState): undefined => {
    const { value, leftOut } = stateFromWire(state, hello.deviceId);
    tellLeftOut(leftOut);
    cell.devices.report(hello.deviceId, value);
  };
  const take = (request: policy.OrchestrateRequest): Promise<void> | undefined => {
    const { message } = request;
    // Whoever waits for the next request, for some seconds, holds this one until then: garbage that V8 takes for old.
    request.message = undefined;
    switch (message?.$case) {
      case 'outcomes':
        if (message.value.state) report(message.value.state);
        return journaling.take(outcomesFromWire(message.value, hello.deviceId, clock.now()));
      case 'state':
        return report(message.value);
      case 'decisions':
        checkDecisionTrace(message.value);
        questions.answered(message.value);
        return;
      case 'hello':
        throw new InvalidInput([{ field: 'message', description: 'hello comes once, at the beginning' }]);
      case undefined:
        throw new InvalidInput([{ field: 'message', description: 'expected outcomes or state' }]);
    }
  };
  for await (const request of messages) await take(request);
  over.throwIfAborted();
  // The agent has said its last word; what is at the disk may still fail.
  await journaling.all();
}

interface JournalingOptions {
  readonly cell: CellHost;
  readonly hello: DeviceHello;
  readonly outbox: Outbox;
  /** The session cannot go on. */
  readonly onFailure: (error: Error) => void;
}

const isNotWritable = (error: Error): boolean =>
  error instanceof Unavailable && error.reason === storeNotWritable;

const diskIsBack = () =>
  new Unavailable('the disk takes outcomes again: join again, and send them again', {
    reason: 'DISK_IS_BACK',
    retryAfterMs: 100,
  });

/**
 * The batches of one session on their way to the disk, in order. While the disk takes nothing the session goes on, because its
 * agent needs directives all the same, and nothing is acknowledged; once it takes something, the session ends, because what
 * came before is missing.
 */
class Journaling {
  readonly #cell: CellHost;
  readonly #hello: DeviceHello;
  readonly #outbox: Outbox;
  readonly #inFlight = new Set<Promise<void>>();
  /** Outcomes that the disk did not take: the agent has them, and sends them again in its next session. */
  #owed = false;
  readonly #onFailure: (error: Error) => void;
  #failure: Error | undefined;

  constructor({ cell, hello, outbox, onFailure }: JournalingOptions) {
    this.#cell = cell;
    this.#hello = hello;
    this.#outbox = outbox;
    this.#onFailure = onFailure;
  }

  /** Resolves when the next batch may come. Throws when one has failed. */
  async take(batch: OutcomeBatch): Promise<void> {
    const { deviceId, instanceId } = this.#hello;
    const refused = batch.outcomes.flatMap((outcome): RefusedOutcome[] =>
      'faults' in outcome ? [outcome] : [],
    );
    const journaled = this.#cell
      .journal({ deviceId, instanceId, batch })
      .then(
        (through) => {
          if (this.#owed) this.#fail(diskIsBack());
          else this.#outbox.acknowledge(through, refused);
        },
        (error: Error) => {
          if (isNotWritable(error)) this.#owed = true;
          else this.#fail(error);
        },
      )
      .finally(() => this.#inFlight.delete(journaled));
    this.#inFlight.add(journaled);
    while (this.#inFlight.size >= batchesInFlight && !this.#failure) await Promise.race(this.#inFlight);
    if (this.#failure) throw this.#failure;
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#onFailure(error);
  }

  /** All are durable. Throws when one has failed. */
  async all(): Promise<void> {
    await this.settled();
    if (this.#failure) throw this.#failure;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#inFlight);
  }
}
