import type { Job, Served } from './job.ts';

/** A job that was accepted and has not begun. */
export interface Waiting<Payload, Result> {
  readonly job: Job<Payload>;
  readonly since: number;
  readonly resolve: (served: Served<Result>) => void;
  readonly reject: (reason: Error) => void;
}

/** A job without a deadline is served as if it had one so long after it came, so that it is not kept waiting for ever, ms. */
const assumedPatienceMs = 10_000;

/** Jobs by deadline, equal ones by arrival. */
export class WaitingList<Payload, Result> implements Iterable<Waiting<Payload, Result>> {
  readonly #entries: Waiting<Payload, Result>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): Iterator<Waiting<Payload, Result>> {
    return this.#entries[Symbol.iterator]();
  }

  add(waiting: Waiting<Payload, Result>): void {
    let at = this.#entries.length;
    while (at > 0 && isBefore(waiting, this.#entries[at - 1]!)) at--;
    this.#entries.splice(at, 0, waiting);
  }

  /** False when it is not here. */
  remove(waiting: Waiting<Payload, Result>): boolean {
    const at = this.#entries.indexOf(waiting);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    return true;
  }

  /** The first, with as many others of its group as gain by running with it. The list must not be empty. */
  takeBatch(limitOf: (group: string) => number): Waiting<Payload, Result>[] {
    const { group } = this.#entries[0]!.job;
    const limit = group === undefined ? 1 : limitOf(group);
    let taken = 0;
    return this.takeWhere(({ job }, at) => (at === 0 || job.group === group) && taken++ < limit);
  }

  takeWhere(chosen: (waiting: Waiting<Payload, Result>, at: number) => boolean): Waiting<Payload, Result>[] {
    const out: Waiting<Payload, Result>[] = [];
    const rest = this.#entries.filter((waiting, at) => {
      const take = chosen(waiting, at);
      if (take) out.push(waiting);
      return !take;
    });
    if (out.length > 0) this.#entries.splice(0, Infinity, ...rest);
    return out;
  }

  takeAll(): Waiting<Payload, Result>[] {
    return this.#entries.splice(0);
  }
}

/** Whether `a` is served before `b`. */
export function isBefore<P, R>(a: Waiting<P, R>, b: Waiting<P, R>): boolean {
  const [first, second] = [dueAt(a), dueAt(b)];
  return first < second || (first === second && a.since < b.since);
}

const dueAt = <P, R>({ job, since }: Waiting<P, R>) => job.deadlineAt ?? since + assumedPatienceMs;
