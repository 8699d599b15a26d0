import type { LookCurves, Variant } from '@weir/domain';
import type { DriftEvent } from './drift.ts';
import type { ExperimentName } from '../experiment.ts';
import type { ProfileName } from '../profile.ts';

export interface EpochCellOptions {
  /** @default 'contended' */
  readonly profile?: ProfileName;
  /** @default 'A' */
  readonly experiment?: ExperimentName;
  /** Devices. @default 5 */
  readonly users?: number;
  /** Average accuracy floor, 0..1. @default 0.89 */
  readonly floor?: number;
  /** Standard deviation of the lognormal noise of every measured time; its mean is 1. @default 0.05 */
  readonly noise?: number;
  /**
   * `walk`: edge and cloud load move up or down one of nine levels with probability 0.3 before each epoch (81
   * contexts). A load of 1 is as many requests of others as the node has cores. @default 'none'
   */
  readonly background?: 'none' | 'walk';
  /** Devices with a slowness drawn from 0.6..1.8 instead of 1. @default false */
  readonly heterogeneous?: boolean;
  /** Whether a link that goes weak is seen in its class; hidden, only the times tell. @default true */
  readonly linksObserved?: boolean;
  readonly drift?: readonly DriftEvent[];
  /** Accuracies and sizes of the variants. @default the paper's family */
  readonly variants?: readonly Variant[];
  /**
   * Computation of each variant in parts of the largest FP32 one's, by name.
   * @default what follows from its size and precision
   */
  readonly relativeWork?: ReadonlyMap<string, number>;
  /** What second looks buy, to every device. @default nobody knows of any */
  readonly looks?: LookCurves;
  /** Whether devices have calibrated all variants before the first epoch, with the noise of any measured time. @default false */
  readonly calibrated?: boolean;
}
