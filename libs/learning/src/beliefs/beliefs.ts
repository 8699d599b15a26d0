import { finish, type Steps } from '@weir/base';
import type { ComputeNode, Variant } from '@weir/domain';
import { type BeliefOptions, defaultBeliefOptions, isTime } from './belief-options.ts';
import { type CostView, costView, type Draw } from './cost-view.ts';
import { type Work, workOf } from './features.ts';
import { LinkBeliefs, type LinkUse } from './link-beliefs.ts';
import { LocalBeliefs } from './local-beliefs.ts';
import { NodeBeliefs, type NodeUse } from './node-beliefs.ts';
import type { BeliefPrior } from './prior.ts';
import type { BeliefState } from './state.ts';

/** Of whom beliefs are kept. */
export interface Retained {
  readonly device: (deviceId: string) => boolean;
  readonly node: (nodeId: string) => boolean;
}

/**
 * What is believed about the costs of a cell, from separate observations of compute and network: service times of each
 * device and of each node, network times of each link. Noise is learned for each of the three groups; changes are
 * detected for each device, node and link and renew that block alone. All is keyed by name.
 */
export class Beliefs {
  readonly local: LocalBeliefs;
  readonly nodes: NodeBeliefs;
  readonly links: LinkBeliefs;
  /** Changes detected so far. */
  alarms = 0;
  readonly #options: { -readonly [K in keyof BeliefOptions]: BeliefOptions[K] };
  #variants: readonly Variant[] = [];
  readonly #work = new Map<string, Work>();

  constructor(given: Partial<BeliefOptions> = {}) {
    this.#options = { ...defaultBeliefOptions, ...given };
    this.local = new LocalBeliefs(this.#options);
    this.nodes = new NodeBeliefs(this.#options);
    this.links = new LinkBeliefs(this.#options, (nodeId) => this.nodes.tierOf(nodeId));
  }

  /** What devices, nodes and links begin with that nobody has measured; undefined: the first guesses. */
  get prior(): BeliefPrior | undefined {
    return this.#options.prior;
  }

  /** The family in use; names that were known before keep their meaning. */
  setVariants(variants: readonly Variant[]): void {
    if (variants === this.#variants) return;
    this.#variants = variants;
    this.#work.clear();
    for (const variant of variants) this.#work.set(variant.name, workOf(variant));
  }

  setNodes(nodes: readonly ComputeNode[]): void {
    this.nodes.setNodes(nodes);
  }

  /** Drops what belongs to other devices and nodes. */
  retain({ device, node }: Retained): void {
    this.local.retain(device);
    this.nodes.retain(device, node);
    this.links.retain(device, node);
  }

  knowsDevice = (deviceId: string): boolean => this.local.knows(deviceId);
  knowsNode = (nodeId: string): boolean => this.nodes.knows(nodeId);

  /** `extraNoise`: relative variance on top of the learned noise. Times that nothing can take are ignored. */
  observeLocal(deviceId: string, variant: string, ms: number, extraNoise = 0): void {
    const work = this.#work.get(variant);
    if (!work || !isTime(ms) || ms === 0) return;
    if (this.local.observe(deviceId, variant, work, ms, extraNoise)) this.alarms++;
  }

  /** `reporter`: the device that says so; missing: the node itself. */
  observeCompute(use: NodeUse, ms: number, reporter?: string, extraNoise = 0): void {
    const work = this.#work.get(use.variant);
    if (!work || !isTime(ms) || ms === 0) return;
    if (this.nodes.observe(use, work, ms, reporter, extraNoise)) this.alarms++;
  }

  observeNetwork(use: LinkUse, ms: number): void {
    if (!isTime(ms) || !isTime(use.roundTripMs)) return;
    if (this.links.observe(use, ms)) this.alarms++;
  }

  /** Costs by the means, or by one joint draw that stays the same for the life of the view. */
  view(draw?: Draw): CostView {
    return costView(this, this.#work, draw);
  }

  state(): BeliefState {
    return finish(this.stateInSteps());
  }

  *stateInSteps(): Steps<BeliefState> {
    const { local, nodes, links, alarms, prior } = this;
    return {
      local: yield* local.stateInSteps(),
      nodes: nodes.state(),
      links: yield* links.stateInSteps(),
      alarms,
      ...(prior && { prior }),
    };
  }

  /** What they began with goes with what was learned; where nothing was, a prior that they have been given stays. */
  restore({ local, nodes, links, alarms, prior }: BeliefState): void {
    const isEmpty = [local, nodes, links].every(({ blocks }) => blocks.length === 0);
    this.#options.prior = isEmpty ? (this.prior ?? prior) : prior;
    this.local.restore(local);
    this.nodes.restore(nodes);
    this.links.restore(links);
    this.alarms = alarms;
  }
}
