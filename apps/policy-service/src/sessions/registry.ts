import { Aborted, type Clock, FailedPrecondition, mapInSteps, type Steps } from '@weir/base';
import type { Directive } from '@weir/domain';
import type { policy } from '@weir/proto';
import { statePauseMs } from '../cell/node-reports.ts';
import { saysMore, type Undated } from './directive-change.ts';

/** The way to one connected agent. */
export interface AgentLink {
  /** Never blocks; a directive that has not gone out is replaced by the next. */
  push(directive: Directive): void;
  /** The agent's last decisions, the newest first, at most `limit`. @default it cannot be asked */
  ask?(limit: number): Promise<readonly policy.TracedDecision[]>;
  /** The session is over, and why. */
  end(reason: Error): void;
}

interface Session {
  readonly link: AgentLink;
  /** `at`, `renewedAt`: when the directive was sent, and when it last began to hold for a lease, ms. */
  sent?: { readonly directive: Directive; readonly at: number; readonly renewedAt: number };
  /** A plan since then says the same. */
  confirmed: boolean;
}

export interface SessionsOptions {
  readonly clock: Clock;
  /** Of this run of the service: versions are compared within it. */
  readonly instanceId: string;
  /** Of this owner of the cell: agents ignore those of former owners. @default they are not compared */
  readonly ownerEpoch?: number | undefined;
  /** Undefined while no version is to be had; then nothing is pushed. */
  readonly nextVersion: () => number | undefined;
  /** Least time between two messages of outcomes that agents are asked to keep, ms. @default 0, as they like */
  readonly outcomePauseMs?: (() => number) | undefined;
}

/** Directives that are encoded and sent in one go. */
const sentAtOnce = 50;
/** Pauses between outcomes that a lease lasts at least: acknowledgements renew it in its first half. */
const pausesALease = 3;
/** Renewals after which a directive is sent again all the same: small steps of every learning add up. */
const renewedAtMost = 4;

/** Which devices are connected, and what each was told last. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  has(deviceId: string): boolean {
    return this.#sessions.has(deviceId);
  }

  deviceIds(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  /** Version of the directive that the device was told last; 0 when there was none in this session. */
  lastVersion(deviceId: string): number {
    return this.#sessions.get(deviceId)?.sent?.directive.version ?? 0;
  }

  /** A session of the same device that still stands ends. */
  open(deviceId: string, link: AgentLink): void {
    this.end(deviceId, sessionReplaced(deviceId));
    this.#sessions.set(deviceId, { link, confirmed: false });
  }

  /**
   * Version of the session's directive if that is right still and may hold for another lease; it is taken to do so, and a plan has
   * to confirm it anew before the next. Undefined: nothing is to be said.
   */
  renewal(deviceId: string, link: AgentLink): number | undefined {
    const session = this.#sessions.get(deviceId);
    if (session?.link !== link || !session.sent || !session.confirmed) return undefined;
    session.confirmed = false;
    session.sent = { ...session.sent, renewedAt: this.#options.clock.now() };
    return session.sent.directive.version;
  }

  /** Asks a device for its last decisions. Rejects with FailedPrecondition when it is not connected, and as `AgentLink.ask`. */
  async trace(deviceId: string, limit: number): Promise<readonly policy.TracedDecision[]> {
    const asked = this.#sessions.get(deviceId)?.link.ask?.(limit);
    if (!asked)
      throw new FailedPrecondition(`device ${deviceId} is not connected`, { reason: 'DEVICE_NOT_CONNECTED' });
    return asked;
  }

  /** Asks the session to end, if one stands. */
  end(deviceId: string, reason: Error): void {
    this.#sessions.get(deviceId)?.link.end(reason);
  }

  /** False when the session was replaced before. */
  close(deviceId: string, link: AgentLink): boolean {
    return this.#sessions.get(deviceId)?.link === link && this.#sessions.delete(deviceId);
  }

  /**
   * Tells each device what is new to it, or due again. All directives of a round carry one version. `always`: all go out, so
   * that outcomes of one joint placement carry one number. Returns the round's version; undefined when nothing went out.
   * Rests so that what it tells a large cell is sent in between.
   */
  *push(directives: ReadonlyMap<string, Undated>, { always = false } = {}): Steps<number | undefined> {
    const { clock, instanceId, ownerEpoch, nextVersion } = this.#options;
    const outcomePauseMs = this.#options.outcomePauseMs?.() ?? 0;
    const now = clock.now();
    yield;
    const round = [...directives].flatMap(([deviceId, directive]) => {
      const session = this.#sessions.get(deviceId);
      return session ? [{ session, directive }] : [];
    });
    const isDue = yield* mapInSteps(round, ({ session, directive }) => {
      const { sent } = session;
      // Sent again in time, where no acknowledgement has renewed it.
      const renewMs = (sent?.directive.leaseMs ?? 0) / 2;
      session.confirmed =
        !always &&
        sent !== undefined &&
        now - sent.renewedAt < renewMs &&
        now - sent.at < renewedAtMost * renewMs &&
        !saysMore(directive, sent.directive);
      return !session.confirmed;
    });
    const due = round.filter((_, at) => isDue[at]);
    const version = due.length > 0 ? nextVersion() : undefined;
    if (version === undefined) return undefined;
    for (const [index, { session, directive }] of due.entries()) {
      if (index > 0 && index % sentAtOnce === 0) yield 'rest';
      session.sent = {
        directive: {
          ...directive,
          instanceId,
          ...(ownerEpoch !== undefined && { ownerEpoch }),
          version,
          leaseMs: Math.max(directive.leaseMs, pausesALease * outcomePauseMs),
          statePauseMs,
          ...(outcomePauseMs > 0 && { outcomePauseMs }),
        },
        at: now,
        renewedAt: now,
      };
      session.link.push(session.sent.directive);
    }
    return version;
  }
}

const replaced = 'SESSION_REPLACED';
export const sessionReplaced = (deviceId: string): Error =>
  new Aborted(`another session of device ${deviceId} has begun`, { reason: replaced });
export const isReplaced = (reason: Error): boolean => reason instanceof Aborted && reason.reason === replaced;
