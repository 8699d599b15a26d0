import type { Clock, Logger } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import {
  type ActionCost,
  type FamilyIdentity,
  figuresOf,
  nodeReport,
  type NodeReport,
  type ServiceFigure,
  type TargetReport,
  type Variant,
  withoutVariants,
} from '@weir/domain';
import type { Listing } from '@weir/wire';
import { type FamilyFit, fitOf } from './family-fit.ts';
import type { KnownFamily } from './known-family.ts';
import { type KnownTarget, knownActions } from './knowledge.ts';
import type { LocalTarget } from './local-target.ts';
import { noRescue, type Rescue, rescueOf } from './rescue.ts';
import type { FrameWishes } from '../frames/frame.ts';
import type { LinkedTarget } from './target.ts';
import { type WorkerClaim, WorkerClaims } from './worker-claims.ts';

export interface CellViewOptions {
  readonly dispatcher: Dispatcher;
  readonly local: LocalTarget;
  /** The newest calibration of each variant that runs here. */
  readonly localFigures: () => readonly ServiceFigure[];
  /** The device's own model family. */
  readonly known: KnownFamily;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Assumed size of the first frame, bytes. */
const typicalFrameBytes = 8 * 1024;
/** Names that a node has listed, over all its changes. */
const mostRemembered = 1_024;
/** Weight of a new frame's size in their mean. */
const frameBytesWeight = 1 / 16;

/** What this device knows of its cell by itself; keeps dispatcher and policy informed. */
export class CellView {
  readonly #options: CellViewOptions;
  readonly #remotes = new Map<string, LinkedTarget>();
  #known: KnownFamily;
  /** Of the own family, and those that only workers have. */
  #variants: ReadonlyMap<string, Variant>;
  readonly #ofWorkers = new Map<string, Variant>();
  /** What each node has ever listed. */
  readonly #listed = new Map<string, Set<string>>();
  readonly #claims: WorkerClaims;
  #frameBytes = typicalFrameBytes;
  #actions: readonly ActionCost[] = [];

  constructor(options: CellViewOptions) {
    this.#options = options;
    this.#known = options.known;
    this.#claims = new WorkerClaims(options.logger, options.known.identity);
    this.#variants = this.#allVariants();
    this.refresh();
  }

  /** The device's own family as it is now. */
  get known(): KnownFamily {
    return this.#known;
  }

  /** The family has changed, and the local models with it. Workers are compared with it anew. */
  familyRenewed(known: KnownFamily): void {
    this.#known = known;
    this.#variants = this.#allVariants();
    this.#claims.familyRenewed(known.identity);
    this.refresh();
    for (const remote of this.remotes) remote.compareAgain();
  }

  /** The device's own model family. */
  get family(): FamilyIdentity {
    const { name, version } = this.#known.identity;
    return { name, version };
  }

  get remotes(): readonly LinkedTarget[] {
    return [...this.#remotes.values()];
  }

  add(remote: LinkedTarget): void {
    this.#remotes.set(remote.nodeId, remote);
    this.#claims.add(remote);
  }

  /** The target is one no longer: it gets no frames from now on. */
  remove(remote: LinkedTarget): void {
    const { nodeId } = remote;
    if (this.#remotes.get(nodeId) !== remote) return;
    const { dispatcher, clock } = this.#options;
    this.#remotes.delete(nodeId);
    this.#listed.delete(nodeId);
    const listed = new Set([...this.#listed.values()].flatMap((names) => [...names]));
    for (const name of this.#ofWorkers.keys()) if (!listed.has(name)) this.#ofWorkers.delete(name);
    this.#variants = this.#allVariants();
    this.#claims.remove(nodeId);
    dispatcher.leaveTarget(nodeId, clock.now());
    // Another target of the same worker may take its place.
    this.#usableChanged();
  }

  /** What a worker says it is, as in `LinkedTargetOptions.onClaim`. */
  claimed(nodeId: string, claim: WorkerClaim | undefined): void {
    this.#claims.claimed(nodeId, claim);
    this.#usableChanged();
  }

  /**
   * A worker has said what it serves. It may serve variants that the device's own family lacks; for shared ones the device's
   * figures hold. Returns the names of those that are other models than this device knows by them: they get no frames.
   */
  variantsListed(nodeId: string, listing: Listing): ReadonlySet<string> {
    const fit = fitOf(this.#known.identity, this.#variants, listing);
    const own = this.#known.identity.checksums;
    // Of what stands in for others the device's own family has to know: else it would be one variant among them.
    const unknown = new Set([...(listing.canaries ?? [])].filter((name) => !own.has(name)));
    for (const variant of listing.variants)
      if (!this.#variants.has(variant.name) && !fit.foreign.has(variant.name) && !unknown.has(variant.name))
        this.#ofWorkers.set(variant.name, variant);
    this.#variants = this.#allVariants();
    this.compared(nodeId, fit, [...unknown, ...this.#gone(nodeId, listing)]);
    return fit.foreign;
  }

  /** The models of a target have been compared with the device's; `others` are not to be used there either. */
  compared(nodeId: string, fit: FamilyFit, others: readonly string[] = []): void {
    this.#claims.compared(nodeId, fit);
    this.#options.dispatcher.setForeign(nodeId, new Set([...fit.foreign, ...others]));
    this.#usableChanged();
  }

  /** What the node has listed before and serves no more: plans may be older than that. */
  #gone(nodeId: string, { variants }: Listing): readonly string[] {
    const listed = new Set(variants.map(({ name }) => name));
    const ever = this.#listed.get(nodeId) ?? new Set();
    if (ever.size < mostRemembered) this.#listed.set(nodeId, new Set([...ever, ...listed]));
    return [...ever].filter((name) => !listed.has(name));
  }

  #allVariants(): ReadonlyMap<string, Variant> {
    const own = this.#known.variants.map((variant) => [variant.name, variant] as const);
    return new Map([...this.#ofWorkers, ...own]);
  }

  /** Which targets count may have changed. A sign of life brings one back. */
  #usableChanged(): void {
    for (const remote of this.remotes)
      if (!this.#claims.usable(remote.nodeId)) this.reachable(remote.nodeId, false);
    this.refresh();
  }

  /** Who answers behind a target, with which models, and what is wrong with that. */
  identity(nodeId: string): {
    readonly worker: string;
    readonly fault: string;
    readonly fit: FamilyFit | undefined;
  } {
    return {
      worker: this.#claims.workerOf(nodeId),
      fault: this.#claims.faultOf(nodeId),
      fit: this.#claims.fitOf(nodeId),
    };
  }

  target(nodeId: string): LinkedTarget | LocalTarget | undefined {
    return nodeId === this.#options.local.nodeId ? this.#options.local : this.#remotes.get(nodeId);
  }

  loadReported({ load }: NodeReport): void {
    const { dispatcher, clock } = this.#options;
    if (!this.#claims.usable(load.nodeId)) return;
    const isNew = !this.#actions.some(({ placement }) => placement.nodeId === load.nodeId);
    if (isNew) this.refresh();
    dispatcher.reportLoad(load, clock.now());
  }

  reachable(nodeId: string, reachable: boolean): void {
    const usable = reachable && this.#claims.usable(nodeId);
    this.#options.dispatcher.setReachable(nodeId, usable, this.#options.clock.now());
  }

  /** Whether any node, the device included, is known to run a variant. */
  runs(variant: string): boolean {
    return this.#actions.some(({ placement }) => placement.variant === variant);
  }

  /** The variant that every frame is to use; undefined while none is pinned, or while it can be reached nowhere. */
  pinned(): string | undefined {
    const { pinned } = this.#known;
    if (pinned === undefined) return undefined;
    const reachable = ({ placement }: ActionCost) =>
      placement.variant === pinned && (this.target(placement.nodeId)?.reachable ?? false);
    return this.#actions.some(reachable) ? pinned : undefined;
  }

  frameSeen(bytes: number): void {
    this.#frameBytes += frameBytesWeight * (bytes - this.#frameBytes);
  }

  /** Updates the fallback costs, used until the policy knows better, from the newest measurements. */
  refresh(): void {
    const { dispatcher, local, localFigures } = this.#options;
    this.#actions = knownActions({
      deviceId: local.nodeId,
      local: localFigures(),
      targets: this.#usableRemotes().map(knownTarget),
      accuracies: new Map([...this.#variants].map(([name, { accuracy }]) => [name, accuracy])),
      frameBytes: this.#frameBytes,
    });
    dispatcher.setFallbackActions(this.#actions);
  }

  /** What to keep of a frame with these wishes for the device's own answer. `backlogMs`: of its own processor. */
  rescue(backlogMs: number, { leastAccuracy = 0, belowFloor = false, variant }: FrameWishes = {}): Rescue {
    const { dispatcher } = this.#options;
    const { looks, hidden } = this.#known;
    const { objective, balance } = dispatcher.account();
    if (!objective.allowedTiers.includes('device')) return noRescue;
    const floor = belowFloor ? 0 : objective.accuracyFloor;
    return rescueOf({
      actions: this.#actions.filter(
        ({ placement }) =>
          placement.tier === 'device' &&
          (variant === undefined ? !hidden.has(placement.variant) : placement.variant === variant),
      ),
      looks: objective.maxLooks > 1 ? looks : undefined,
      leastAccuracy: {
        now: Math.max(leastAccuracy, floor - balance.balance),
        later: Math.max(leastAccuracy, floor),
      },
      backlogMs,
    });
  }

  /** What the policy plans with: no canary, and nothing that is retired. */
  variants(): readonly Variant[] {
    return [...this.#variants.values()].filter(({ name }) => !this.#known.hidden.has(name));
  }

  /** As `localReport`, of what the policy plans with. */
  plannedLocally(): NodeReport {
    return withoutVariants(this.localReport(), this.#known.hidden);
  }

  localReport(): NodeReport {
    const { local, localFigures } = this.#options;
    return nodeReport(local, local.load(), { figures: localFigures() });
  }

  targets(): readonly TargetReport[] {
    return this.#usableRemotes().map((remote) => ({
      report: withoutVariants(remote.load?.value ?? unknownNode(remote), this.#known.hidden),
      roundTripMs: remote.link.state().roundTripMs,
      reachable: remote.reachable,
    }));
  }

  #usableRemotes(): readonly LinkedTarget[] {
    return this.remotes.filter(({ nodeId }) => this.#claims.usable(nodeId));
  }
}

function knownTarget({ nodeId, tier, load, link, frameBytes }: LinkedTarget): KnownTarget {
  const { roundTripMs, uplinkBitsPerSecond } = link.state();
  const services = load ? figuresOf(load.value) : [];
  return { nodeId, tier, services, roundTripMs, uplinkBitsPerSecond, frameBytes };
}

const idle = {
  slots: 1,
  inService: 0,
  queued: 0,
  backlogMs: 0,
  meanBacklogMs: 0,
  congestionPerMs: 0,
  utilization: 0,
};
const unknownNode = (remote: LinkedTarget): NodeReport => nodeReport(remote, idle, { figures: [] });
