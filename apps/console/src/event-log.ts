import type { EventView } from './snapshot.ts';

/** Something that goes on for a while: what to say of it, and what once it is over. */
export interface Condition {
  readonly text: string;
  /** @default nothing is said */
  readonly over?: string | undefined;
  /** Devices that tell of it; while none of them is heard nobody knows that it is over. @default it is always known */
  readonly by?: readonly string[];
}

/** Most that are kept. */
const most = 30;
/** Most conditions left open because nobody who would know is heard: names of devices may come and go for ever. */
const mostOpen = 256;
/** Time within which changes of one thing are one event, ms: a slider is moved step by step. */
const oneMoveMs = 5_000;

/** What happened in a cell, the newest `most`; what goes on is one event, however long it does. */
export class EventLog {
  readonly #now: () => number;
  #events: EventView[] = [];
  #changed: { readonly what: string; readonly event: EventView } | undefined;
  #standing = new Map<string, { readonly event: EventView; readonly condition: Condition }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Newest first. */
  get all(): readonly EventView[] {
    return this.#events.toReversed();
  }

  tell(kind: EventView['kind'], text: string): EventView {
    const event = { at: Math.round(this.#now()), kind, text };
    this.#events = [...this.#events, event].slice(-most);
    return event;
  }

  /** Something was set by hand, once more perhaps: the newest value stands for all of one move. */
  change(what: string, text: string): void {
    const last = this.#changed?.what === what ? this.#changed.event : undefined;
    const goesOn = last !== undefined && this.#now() - last.at < oneMoveMs && this.#events.at(-1) === last;
    if (goesOn) this.#events = this.#events.slice(0, -1);
    this.#changed = { what, event: this.tell('info', text) };
  }

  /**
   * Everything that goes on now, by what it is: tells what is new, keeps up what is told of the rest, and tells what is over.
   * `heard`: the devices that are heard now.
   */
  stand(conditions: ReadonlyMap<string, Condition>, heard: ReadonlySet<string>): void {
    const before = this.#standing;
    this.#standing = new Map();
    for (const [key, condition] of conditions) {
      const known = before.get(key);
      const event = known ? this.#renew(known.event, condition.text) : this.tell('bad', condition.text);
      this.#standing.set(key, { event, condition });
    }
    for (const [key, known] of before) {
      const { over, by } = known.condition;
      if (conditions.has(key)) continue;
      if (by?.every((device) => !heard.has(device))) {
        if (this.#standing.size < conditions.size + mostOpen) this.#standing.set(key, known);
      } else if (over !== undefined) this.tell('good', over);
    }
  }

  #renew(event: EventView, text: string): EventView {
    if (event.text === text) return event;
    const renewed = { ...event, text };
    this.#events = this.#events.map((one) => (one === event ? renewed : one));
    return renewed;
  }
}
