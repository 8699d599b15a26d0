import type { Logger } from '@weir/base';
import type { FamilyIdentity } from '@weir/domain';
import { type FamilyFit, familyFault } from './family-fit.ts';

/** What the worker behind a target says it is. */
export interface WorkerClaim {
  readonly nodeId: string;
  readonly tier: string;
  /** This run of the worker; empty when it does not say. */
  readonly instanceId: string;
}

/** A target as `--targets` names it. */
export interface NamedTarget {
  readonly nodeId: string;
  readonly tier: string;
}

interface Identity {
  readonly target: NamedTarget;
  claim?: WorkerClaim | undefined;
  /** How its models go together with the device's; undefined until they have been compared. */
  fit?: FamilyFit | undefined;
}

/** Faults that are remembered as told: a worker may call itself something else every time. */
const maxFaultsTold = 256;

/**
 * Who answers behind each target. A target's name and tier come from `--targets` alone, for this device and for the
 * policy; what its worker calls itself is only compared with them, and a difference is told.
 */
export class WorkerClaims {
  readonly #logger: Logger;
  /** The device's own. */
  #family: FamilyIdentity;
  /** In the order of `--targets`. */
  readonly #identities = new Map<string, Identity>();
  readonly #told = new Set<string>();

  constructor(logger: Logger, family: FamilyIdentity) {
    this.#logger = logger;
    this.#family = family;
  }

  /** The device's own family has changed. */
  familyRenewed(family: FamilyIdentity): void {
    this.#family = family;
  }

  add(target: NamedTarget): void {
    this.#identities.set(target.nodeId, { target });
  }

  /** The target is one no longer. */
  remove(nodeId: string): void {
    this.#identities.delete(nodeId);
  }

  /**
   * `claim`: undefined once the worker has gone. Another one has its models compared anew. Each fault is told once, however
   * often the worker reconnects.
   */
  claimed(nodeId: string, claim: WorkerClaim | undefined): void {
    const identity = this.#identities.get(nodeId);
    if (!identity) return;
    identity.claim = claim;
    identity.fit = undefined;
    this.#tellFaults();
  }

  /** The models of the target's worker have been compared with the device's. */
  compared(nodeId: string, fit: FamilyFit): void {
    const identity = this.#identities.get(nodeId);
    if (!identity) return;
    identity.fit = fit;
    this.#tellFaults();
  }

  #tellFaults(): void {
    for (const { target, claim: standing } of this.#identities.values()) {
      const fault = this.faultOf(target.nodeId);
      if (fault === '' || this.#told.has(fault) || this.#told.size >= maxFaultsTold) continue;
      this.#told.add(fault);
      this.#logger.warn({ target: target.nodeId, worker: standing?.nodeId }, fault);
    }
  }

  /** What the worker calls itself; empty while it has not said so. */
  workerOf(nodeId: string): string {
    return this.#identities.get(nodeId)?.claim?.nodeId ?? '';
  }

  /** What the worker serves; undefined while that is not known. */
  fitOf(nodeId: string): FamilyFit | undefined {
    return this.#identities.get(nodeId)?.fit;
  }

  /** What is wrong, and the cure; empty when nothing is. */
  faultOf(nodeId: string): string {
    const identity = this.#identities.get(nodeId);
    return identity ? this.#faultOf(identity) : '';
  }

  /**
   * False for a target whose worker serves nothing that this device knows, or answers behind an earlier target too: as two
   * nodes its slots would count twice. When the earlier one goes, this one takes its place.
   */
  usable(nodeId: string): boolean {
    const identity = this.#identities.get(nodeId);
    if (!identity) return true;
    return !identity.fit?.nothingFits && this.#earlierWithSameWorker(identity) === undefined;
  }

  #faultOf(identity: Identity): string {
    const { target, claim, fit } = identity;
    const same = this.#earlierWithSameWorker(identity);
    if (same !== undefined)
      return `target ${target.nodeId} is left out: the same worker answers as target ${same}; remove one of them from --targets`;
    const foreign = fit && familyFault(target.nodeId, this.#family, fit);
    if (foreign) return foreign;
    if (!claim) return '';
    const { nodeId, tier } = claim;
    if (nodeId !== target.nodeId) {
      const rename = this.#identities.has(nodeId) ? '' : `, or name the target ${nodeId} in --targets`;
      return `the worker of target ${target.nodeId} calls itself ${nodeId}, and is known as ${target.nodeId} here: start it with --node-id ${target.nodeId}${rename}`;
    }
    if (tier !== target.tier)
      return `target ${nodeId} is of tier ${target.tier} here, and its worker says ${tier}: make --targets and the worker's --tier agree`;
    return '';
  }

  #earlierWithSameWorker({ target, claim }: Identity): string | undefined {
    if (!claim?.instanceId) return undefined;
    for (const [nodeId, earlier] of this.#identities) {
      if (nodeId === target.nodeId) return undefined;
      if (earlier.claim?.instanceId === claim.instanceId) return nodeId;
    }
    return undefined;
  }
}
