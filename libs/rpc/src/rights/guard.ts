import { type ServerInterceptor, ServerInterceptingCall } from '@grpc/grpc-js';
import type { WeirError } from '@weir/base';
import { toTrailers } from '../status.ts';
import { Unreadable } from '../unreadable.ts';
import { type Caller, denied, isWithin, isWithinAlways, reachOf } from './decide.ts';
import type { Subject, SubjectSource } from './subjects.ts';
import type { Rights } from './table.ts';

/** What is guarded, by which rules. */
export interface GuardRules {
  readonly rights: Readonly<Record<string, Rights>>;
  readonly subjects: Readonly<Record<string, SubjectSource>>;
  /** Whom the server stands for: an agent its device, a worker its node. */
  readonly serves: Subject | undefined;
  /** Hears of each refusal. */
  readonly onRefused: (refusal: WeirError, rpc: string, caller: Caller) => void;
}

type Call = Parameters<ServerInterceptor>[1];
type Metadata = Parameters<Call['sendMetadata']>[0];
/** Who calls, by the connection, or by what comes with the call. */
export type CallerSource =
  { readonly byConnection: (call: Call) => Caller } | { readonly byMetadata: (metadata: Metadata) => Caller };

/**
 * Refuses what the caller has no right to before it reaches a handler: a call as a whole at once, what its messages are about
 * with each message that says it. Calls that need no look at their messages are not touched any further.
 */
export function guard(source: CallerSource, rules: GuardRules): ServerInterceptor {
  return ({ path }, call) => {
    const rpc = path.slice(1);
    if ('byConnection' in source) {
      const verdict = judge(source.byConnection(call), rpc, rules);
      // As it is: nothing of it passes through here any more, which the types do not foresee.
      if (verdict.allowed === true) return call as ServerInterceptingCall;
      return new ServerInterceptingCall(call, {
        start(next) {
          if (verdict.allowed === false) refuse(call, verdict.error);
          else next({ onReceiveMessage: checkWith(verdict.check, call) });
        },
      });
    }
    return new ServerInterceptingCall(call, {
      start(next) {
        let check: Check = () => undefined;
        next({
          onReceiveMetadata(metadata, forward) {
            const verdict = judge(source.byMetadata(metadata), rpc, rules);
            if (verdict.allowed === false) return refuse(call, verdict.error);
            if (verdict.allowed === 'by message') check = verdict.check;
            forward(metadata);
          },
          onReceiveMessage: (message, forward) => checkWith(check, call)(message, forward),
        });
      },
    });
  };
}

/** What is wrong with a message; undefined: nothing. */
type Check = (message: unknown) => WeirError | undefined;
type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly error: WeirError }
  | { readonly allowed: 'by message'; readonly check: Check };

function judge(caller: Caller, rpc: string, rules: GuardRules): Verdict {
  const { rights, subjects, serves, onRefused } = rules;
  const right = rights[rpc];
  const refusal = (error: WeirError) => {
    onRefused(error, rpc, caller);
    return error;
  };
  const reach = reachOf(caller, rpc, right);
  if (typeof reach !== 'string') return { allowed: false, error: refusal(reach) };
  const identity = 'identity' in caller ? caller.identity : undefined;
  const source = subjects[rpc];
  if (!identity || isWithinAlways(reach, identity) || source === 'nothing') return { allowed: true };
  const beyond = (subject: Subject) =>
    isWithin(reach, identity, subject) ? undefined : refusal(denied(identity, rpc, right, subject));
  if (typeof source === 'function')
    return {
      allowed: 'by message',
      check(message) {
        const subject = source(message);
        return subject && beyond(subject);
      },
    };
  // A server that stands for nobody is about no caller's own.
  const error = serves ? beyond(serves) : refusal(denied(identity, rpc, right));
  return error ? { allowed: false, error } : { allowed: true };
}

const checkWith =
  (check: Check, call: Call) =>
  (message: unknown, forward: (message: unknown) => void): void => {
    // It is about nothing, and no handler takes it.
    const error = message instanceof Unreadable ? undefined : check(message);
    if (error) refuse(call, error);
    else forward(message);
  };

const refuse = (call: Call, error: WeirError): void => call.sendStatus(toTrailers(error));
