import { meanAtLeast, together } from '@weir/base';
import type { DeviceView } from './view.ts';

/** What agents measured against the pictures' labels, as `--json` prints it; accuracies 0..1. */
export interface Measured {
  /** Answers whose truth was reported. */
  readonly labelled: number;
  readonly right: number;
  /** Share that would have been right with the first look alone. */
  readonly firstRight: number;
  /** Mean accuracy that the same answers were promised. */
  readonly promised: number;
  /** Of their accuracy, with confidence `level` at all times together. */
  readonly lowerBound: number;
  readonly level: number;
}

/** Of all these devices together; null before the first report. */
export function measuredAccuracy(devices: readonly Pick<DeviceView, 'measured'>[]): Measured | null {
  const known = devices.flatMap(({ measured }) => measured ?? []);
  const [first] = known;
  if (!first) return null;
  const all = together(
    known.map(({ labelled, right, variation }) => ({
      count: Number(labelled),
      sum: right * Number(labelled),
      variation,
    })),
  );
  const mean = (share: 'firstRight' | 'promised') =>
    known.reduce((sum, measured) => sum + measured[share] * Number(measured.labelled), 0) / all.count;
  return {
    labelled: all.count,
    right: all.sum / all.count,
    firstRight: mean('firstRight'),
    promised: mean('promised'),
    lowerBound: meanAtLeast(all, first.level),
    level: first.level,
  };
}
