import { FailedPrecondition } from '@weir/base';
import { type CellDescription, describeCell } from '@weir/cell';
import { expectedAccuracy, type Family } from '@weir/inference';
import { type ExperimentName, isWeak, localMs, paperFamily, profiles } from '@weir/simulation';

export interface PaperCellOptions {
  readonly experiment: ExperimentName;
  /** Devices. */
  readonly users: number;
  /** `paper`: remote nodes serve the best variant alone; `full`: all of them. */
  readonly space: 'paper' | 'full';
  readonly family: Family;
  /** Folder of the family; absent: the embedded one. */
  readonly models?: string | undefined;
  readonly seed: number;
}

const { contended } = profiles;
const bitsPerSecond = 50e6;
/** Half of what a request spends on the network, each way. */
const delayMs = contended.edge.networkMs / 2;
const regular = { delayMs, bitsPerSecond };
const weak = { delayMs: delayMs + contended.weakMs / 2, bitsPerSecond };
const links = { edge: regular, cloud: regular };

/**
 * The paper's cell as a living one: single-slot edge and cloud, so that requests there wait for each other, and
 * processors emulated at such a speed that the best variant takes what the profile `contended` says. Times of the other
 * variants follow from the family's reference times. Throws FailedPrecondition when the family has none.
 */
export function paperCell(options: PaperCellOptions): CellDescription {
  const { experiment, users, space, family, models, seed } = options;
  const best = family.variants.reduce((a, b) => (expectedAccuracy(a) >= expectedAccuracy(b) ? a : b));
  const { referenceMs } = best;
  if (referenceMs === undefined)
    throw new FailedPrecondition(
      `the manifest gives no referenceMs for ${best.name}, from which processors are emulated`,
    );
  const bestOnDeviceMs = localMs(contended, paperFamily[0]!, 1);
  const variants = space === 'paper' ? [best.name] : [];
  return describeCell({
    cellId: 'lab',
    seed,
    ...(models === undefined ? {} : { models }),
    nodes: [
      {
        id: 'edge-1',
        tier: 'edge',
        slots: 1,
        dilationFactor: contended.edge.computeMs / referenceMs,
        variants,
      },
      {
        id: 'cloud-1',
        tier: 'cloud',
        slots: 1,
        dilationFactor: contended.cloud.computeMs / referenceMs,
        variants,
      },
    ],
    devices: Array.from({ length: users }, (_, index) => ({
      id: `device-${index + 1}`,
      dilationFactor: bestOnDeviceMs / referenceMs,
      links: isWeak(experiment, index) ? ('weak' as const) : ('regular' as const),
    })),
    links: { regular: links, weak: { edge: weak, cloud: weak } },
  });
}
