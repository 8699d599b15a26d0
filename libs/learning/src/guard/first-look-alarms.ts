import type { FirstLookCorrection } from '@weir/domain';
import { Alarm } from './alarm.ts';
import type { Departure } from './evidence.ts';

/** First looks from which a variant's own evidence counts for more than that of the one that has departed. */
const leaderLooks = 300;
/** A correction is told anew when it has changed by this much. */
const notable = 0.1;
/** Corrections are within this: what is measured beyond would make no difference any more. */
const mostCorrection = 100;

/** How the pictures of one variant's first looks differ. */
export interface VariantDeparture {
  readonly variant: string;
  /** Accuracy that it lacks against the most accurate variant, as the family says. */
  readonly known: number;
  /** As whom this is for may hear it. */
  readonly heard: Departure;
  /** By everything that is said. */
  readonly all: Departure;
}

/** How first looks are corrected for a device, or for the plan of its cell. */
export class FirstLookAlarms {
  readonly #alarms = new Map<string, Alarm>();
  readonly #told = new Map<string, FirstLookCorrection>();
  #sound = false;

  /** Any first look departs beyond chance. */
  get sound(): boolean {
    return this.#sound;
  }

  /** Whether they have begun to sound. */
  hear(departures: readonly VariantDeparture[]): boolean {
    const before = this.#sound;
    this.#sound = false;
    for (const { variant, heard, all } of departures)
      if (this.#alarmOf(variant).hears(heard.deviation, all.deviation)) this.#sound = true;
    return this.#sound && !before;
  }

  /**
   * Once one variant's looks have departed beyond chance, it is asked of no other whether pictures have changed, but only by
   * how much: those that have looked little are taken to lose as many times as much as that one.
   */
  found(departures: readonly VariantDeparture[]): FirstLookCorrection[] {
    const found = departures.map(({ variant, known, heard }) => ({
      variant,
      looks: heard.looks,
      ...factors(known, heard),
    }));
    const [leader] = found
      .filter(({ variant }) => this.#alarmOf(variant).sounds)
      .sort((a, b) => b.looks - a.looks);
    return found.flatMap(({ variant, looks, loss, share }) => {
      const trust = looks / (looks + leaderLooks);
      const next = leader && {
        variant,
        loss: trust * loss + (1 - trust) * leader.loss,
        share: trust * share + (1 - trust) * leader.share,
      };
      const told = this.#told.get(variant);
      if (!next || next.loss <= 1) this.#told.delete(variant);
      else if (!told || differs(next, told)) this.#told.set(variant, next);
      return this.#told.get(variant) ?? [];
    });
  }

  #alarmOf(variant: string): Alarm {
    const alarm = this.#alarms.get(variant) ?? new Alarm();
    this.#alarms.set(variant, alarm);
    return alarm;
  }
}

/** Nothing is relaxed below the family's own figures. */
function factors(
  known: number,
  { share, hidden }: Departure,
): { readonly loss: number; readonly share: number } {
  const bounded = Math.max(1 / mostCorrection, Math.min(mostCorrection, share));
  if (!(known > 0)) return { loss: 1, share: bounded };
  return { loss: Math.min(mostCorrection, Math.max(1, share) + hidden / known), share: bounded };
}

const differs = (next: FirstLookCorrection, told: FirstLookCorrection): boolean =>
  Math.abs(next.loss - told.loss) > notable * told.loss ||
  Math.abs(next.share - told.share) > notable * told.share;
