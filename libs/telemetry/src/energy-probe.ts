import { type Clock, systemClock } from '@weir/base';
import { type PowerModel, modelPowerW } from './power-model.ts';
import { openRapl } from './rapl.ts';
import { type ReadText, readTextFile } from './read-text.ts';

/** How an energy figure was obtained; the numbers of weir.telemetry.v1.EnergySource. */
export const energySource = { rapl: 1, model: 2 } as const;
export type EnergySource = (typeof energySource)[keyof typeof energySource];

/** Power and energy of this node; field by field weir.telemetry.v1.EnergyState. */
export interface EnergySample {
  /** Mean power since the last sample, W. */
  readonly powerW: number;
  /** Energy since the probe was created, J. */
  readonly energyJ: number;
  readonly source: EnergySource;
}

export interface EnergyProbe {
  /** `cpuUtilization`: share of the processors in use since the last sample, 0..1. */
  sample(load: { cpuUtilization: number }): EnergySample;
  /**
   * Marginal energy of one inference, J: busy power × share of the node × time. The idle
   * power is spent either way and belongs to no inference.
   */
  energyOfInference(work: InferenceWork): number;
}

export interface InferenceWork {
  readonly computeMs: number;
  /** @default 0 */
  readonly decodeMs?: number;
  /** Share of the node's processors that the inference keeps busy, 0..1: 1 / slots, or threads / processors. @default 1 */
  readonly cpuShare?: number;
}

/** Below this utilization, counters say more about the rest of the machine than about this node. */
const leastUtilization = 0.1;
/** Weight of a new measurement of the busy power. */
const smoothing = 0.2;

/**
 * Measures this node's power and energy. `auto` uses the processor's counters (RAPL) where they can be read and the node's
 * power model elsewhere; `model` always uses the model, which is right for a node whose processor is emulated, and
 * where several nodes share one machine: each would report the whole machine's counters.
 *
 * With counters, the busy power for `energyOfInference` is learned: power above the lowest seen so far, divided by
 * utilization. The model stands in until the node has worked once.
 */
export function createEnergyProbe({
  model,
  source = 'auto',
  clock = systemClock,
  readText = readTextFile,
}: {
  model: PowerModel;
  source?: 'auto' | 'model';
  clock?: Clock;
  readText?: ReadText;
}): EnergyProbe {
  const spentJ = source === 'auto' ? openRapl(readText) : undefined;
  let energyJ = 0;
  let lastAt = clock.now();
  let lastPowerW = model.idleW;
  let lowestW = Infinity;
  let busyW = model.busyW;

  return {
    sample({ cpuUtilization }) {
      const now = clock.now();
      const elapsedS = (now - lastAt) / 1_000;
      lastAt = now;
      const spent = spentJ?.();
      if (elapsedS > 0) {
        lastPowerW = spent === undefined ? modelPowerW(model, cpuUtilization) : spent / elapsedS;
        energyJ += lastPowerW * elapsedS;
        if (spent !== undefined) {
          lowestW = Math.min(lowestW, lastPowerW);
          if (cpuUtilization >= leastUtilization && lastPowerW > lowestW)
            busyW += smoothing * ((lastPowerW - lowestW) / cpuUtilization - busyW);
        }
      }
      return { powerW: lastPowerW, energyJ, source: spentJ ? energySource.rapl : energySource.model };
    },
    energyOfInference: ({ computeMs, decodeMs = 0, cpuShare = 1 }) =>
      (busyW * cpuShare * (computeMs + decodeMs)) / 1_000,
  };
}
