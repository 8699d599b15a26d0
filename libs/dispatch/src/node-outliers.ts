import { type Ejection, OutlierCircuit, type Verdict } from './outlier-circuit.ts';

/** Failures in a row after which a node is an outlier, whatever the variants. */
const NODE_PATIENCE = 5;

/** Of one variant, in which case the node's others stay in use. */
const VARIANT_PATIENCE = 3;

/** Most variants of a node that are watched one by one. */
const VARIANT_LIMIT = 256;

/** A node, or one variant of it, was ejected or is in use again. */
export interface EjectionChange {
  readonly nodeId: string;
  /** Absent: the whole node. */
  readonly variant?: string;
  /** False: it is in use again. */
  readonly ejected: boolean;
  /** Why it was ejected. */
  readonly reason: string;
  /** Until a probe may go there, ms; 0 when it is in use again. */
  readonly pauseMs: number;
}

/** What may be ejected now; asked only once something is an outlier. */
export interface Limits {
  /** Whether one more node may be: never more than half of the targets. */
  readonly node: () => boolean;
  /** Variants of the node that frames can use: never more than half of them go alone. */
  readonly variants: () => number;
  /** Whether some other target would do better than a slow one does. */
  readonly somethingFaster: () => boolean;
}

interface Observed {
  readonly variant: string;
  readonly verdict: Verdict;
  /** When the frame was sent. */
  readonly sentAt: number;
}

/** Whether one remote node, or a variant of it, is left out because of how it has done. */
export class NodeOutliers {
  readonly #nodeId: string;
  readonly #node = new OutlierCircuit(NODE_PATIENCE);
  readonly #variants = new Map<string, OutlierCircuit>();
  /** Variant of the frame that led to the node's ejection: the probe's. */
  #suspect = '';
  /** Ejected variants. */
  #ejected = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** The node's own; a variant's is not told here. */
  get ejection(): Ejection | undefined {
    return this.#node.ejection;
  }

  get any(): boolean {
    return this.#ejected > 0 || this.#node.ejection !== undefined;
  }

  leavesOut(variant: string): boolean {
    if (this.#node.ejection) return true;
    return this.#ejected > 0 && this.#variants.get(variant)?.ejection !== undefined;
  }

  /** What is left out and why, for people; empty when nothing is. */
  get reason(): string {
    if (this.#node.ejection) return this.#node.ejection.reason;
    return [...this.#variants]
      .flatMap(([variant, { ejection }]) => (ejection ? `${variant}: ${ejection.reason}` : []))
      .join('; ');
  }

  /** One frame's verdict; a probe's decides whether it comes back. */
  observe({ variant, verdict, sentAt }: Observed, limits: Limits, now: number): EjectionChange | undefined {
    const own = this.#circuitOf(variant);
    for (const circuit of [this.#node, own]) {
      if (!circuit?.ejection) continue;
      // Sent before it was ejected: that is known already.
      if (sentAt < circuit.ejection.since) return undefined;
      return this.#probed(circuit, variant, verdict, now);
    }
    const ofNode = this.#node.observe(verdict);
    const ofVariant = own?.observe(verdict);
    if (verdict === 'slow' && (ofNode ?? ofVariant) !== undefined && !limits.somethingFaster())
      return undefined;
    if (ofNode !== undefined && limits.node()) {
      this.#suspect = variant;
      return this.#changed(undefined, ofNode, this.#node.eject(ofNode, now));
    }
    if (own && ofVariant !== undefined && this.#ejected + 1 <= limits.variants() / 2) {
      this.#ejected++;
      return this.#changed(variant, ofVariant, own.eject(ofVariant, now));
    }
    return undefined;
  }

  /** Variant that a probe is to be sent with, if one is due. */
  probeDue(now: number): string | undefined {
    if (this.#node.ejection) return this.#node.probeDue(now) ? this.#suspect : undefined;
    if (this.#ejected > 0)
      for (const [variant, circuit] of this.#variants) if (circuit.probeDue(now)) return variant;
    return undefined;
  }

  #probed(
    circuit: OutlierCircuit,
    variant: string,
    verdict: Verdict,
    now: number,
  ): EjectionChange | undefined {
    const of = circuit === this.#node ? undefined : variant;
    const { reason, until } = circuit.ejection!;
    if (verdict === 'good') {
      circuit.restore(now);
      if (of === undefined) this.#variants.get(variant)?.observe('good');
      else this.#ejected--;
      return this.#changed(of, reason, 0);
    }
    // A frame that went there before the pause was over, for want of anything else, proves nothing new.
    return now < until ? undefined : this.#changed(of, reason, circuit.prolong(now));
  }

  #changed(variant: string | undefined, reason: string, pauseMs: number): EjectionChange {
    const whole = { nodeId: this.#nodeId, ejected: pauseMs > 0, reason, pauseMs };
    return variant === undefined ? whole : { ...whole, variant };
  }

  #circuitOf(variant: string): OutlierCircuit | undefined {
    let circuit = this.#variants.get(variant);
    if (!circuit && this.#variants.size < VARIANT_LIMIT)
      this.#variants.set(variant, (circuit = new OutlierCircuit(VARIANT_PATIENCE)));
    return circuit;
  }
}
