import { DeadlineExceeded } from '@weir/base';
import type { policy } from '@weir/proto';
import type { CallContext, DuplexStream } from '@weir/rpc';
import { AgentSession, type AgentSessionOptions } from './agent-session.ts';

export interface SessionDeps extends Pick<
  AgentSessionOptions,
  'families' | 'instances' | 'clock' | 'logger'
> {
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
  { helloTimeoutMs, ...deps }: SessionDeps,
): Promise<void> {
  const ended = new AbortController();
  const onEnd = (reason: Error) => ended.abort(reason);
  const stopTimer = deps.clock.after(helloTimeoutMs, () =>
    onEnd(new DeadlineExceeded(`no hello within ${helloTimeoutMs} ms`)),
  );
  let session: AgentSession | undefined;
  const join = async (first: policy.OrchestrateRequest) => {
    session = await AgentSession.join(first, { ...deps, caller, onEnd, send: stream.send });
    stopTimer();
  };
  const over = [signal, draining, ended.signal];
  try {
    await stream.forEach((request) => (session ? session.take(request) : join(request)), over);
    for (const each of over) each.throwIfAborted();
    await session?.journaled();
  } finally {
    stopTimer();
    await session?.leave({ isHeard: !signal.aborted });
  }
}
