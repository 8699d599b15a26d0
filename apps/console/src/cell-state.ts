import type { Config } from './config.ts';
import type { Emulation } from './emulation.ts';
import type { LiveFrames } from './live-frames.ts';
import type { EventView, Point } from './snapshot.ts';
import type { AgentSource, PolicySource, TelemetrySource } from './sources.ts';

/** Everything the gateway knows about a cell. */
export interface CellState {
  readonly config: Config;
  readonly policy: Pick<PolicySource, 'connected' | 'status' | 'learners'>;
  readonly telemetry: Pick<TelemetrySource, 'connected' | 'nodes'> | undefined;
  readonly agents: readonly Pick<AgentSource, 'status' | 'answers'>[];
  readonly frames: LiveFrames;
  readonly emulation: Pick<Emulation, 'state'>;
  readonly mayControl: boolean;
  readonly accuracy: { readonly least: number; readonly most: number };
  readonly events: readonly EventView[];
}

/** The newest `most` of something, oldest first. */
export class Newest<T> {
  readonly #items: T[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length > this.#most) this.#items.shift();
  }

  get all(): readonly T[] {
    return this.#items;
  }
}

/** Five minutes, a point a second. */
export const createHistory = () => new Newest<Point>(300);
