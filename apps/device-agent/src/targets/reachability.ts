import type { Logger } from '@weir/base';
import type { LinkProbe } from '@weir/telemetry';

/** Whether a target takes frames, told to whoever has to know. */
export class Reachability {
  readonly #options: ReachabilityOptions;
  #now = false;

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  get now(): boolean {
    return this.#now;
  }

  set(reachable: boolean): void {
    const { nodeId, link, logger, onReachable } = this.#options;
    const changed = this.#now !== reachable;
    this.#now = reachable;
    if (!reachable) link.lost();
    if (changed) logger.info({ node: nodeId }, reachable ? 'target takes frames' : 'target takes no frames');
    if (changed || reachable) onReachable?.(reachable);
  }
}

export interface ReachabilityOptions {
  readonly nodeId: string;
  readonly link: LinkProbe;
  readonly logger: Logger;
  /** Called at each change, and with every sign of life. */
  readonly onReachable?: ((reachable: boolean) => void) | undefined;
}
