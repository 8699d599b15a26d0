/** What is counted of a device, and how much of it, 0..1. */
export type Counted<Told> = readonly (readonly [Told, number])[];

export interface Heard<Told> {
  readonly parts: Counted<Told>;
  /** Standard errors by which leaving out the loudest has lowered what is heard, were it as loud as any by chance. */
  readonly lowered: number;
}

/** Of two to ten alike, the mean is so many of its standard errors lower without the largest: 0.56, 0.6, 0.59, … 0.51. */
const loweredByOne = 0.6;

export interface Weighing<Told> {
  /** How much it tells. */
  readonly weight: (told: Told) => number;
  /** How far what it tells is above what is expected, in sum. */
  readonly loudness: (told: Told) => number;
}

/**
 * What devices tell as each of them may hear it. A device's own word always counts. Of what the others say, that of the
 * loudest does not, and of one that tells more than all others together only as much as they: so no other device can say by
 * itself that pictures have changed, or drown what the rest says. Leaving out the loudest only ever makes an alarm later.
 */
export class Views<Told> {
  readonly #devices: ReadonlyMap<string, Told>;
  readonly #weigh: (told: Told) => number;
  readonly #weight: number;
  readonly #loudest: string | undefined;
  readonly #second: string | undefined;
  readonly #drowning: string | undefined;

  constructor(devices: ReadonlyMap<string, Told>, { weight, loudness }: Weighing<Told>) {
    this.#devices = devices;
    this.#weigh = weight;
    let all = 0;
    let [first, second, heaviest] = [nobody, nobody, nobody];
    for (const [id, told] of devices) {
      const [loud, heavy] = [loudness(told), weight(told)];
      all += heavy;
      if (loud > first.value) [first, second] = [{ id, value: loud }, first];
      else if (loud > second.value) second = { id, value: loud };
      if (heavy > heaviest.value) heaviest = { id, value: heavy };
    }
    this.#weight = all;
    this.#loudest = first.id;
    this.#second = second.id;
    if (heaviest.value > all - heaviest.value) this.#drowning = heaviest.id;
  }

  /** Devices that hear something else than the others. */
  get special(): readonly string[] {
    return [this.#loudest, this.#drowning].filter((id) => id !== undefined);
  }

  /** As this device hears it; without one: as one that has told nothing. */
  heardBy(deviceId?: string): Heard<Told> {
    const leftOut = deviceId !== undefined && deviceId === this.#loudest ? this.#second : this.#loudest;
    const parts: (readonly [Told, number])[] = [];
    for (const [id, told] of this.#devices) {
      if (id === leftOut) continue;
      const drowns = id === this.#drowning && id !== deviceId;
      parts.push([told, drowns ? this.#weight / this.#weigh(told) - 1 : 1]);
    }
    return { parts, lowered: leftOut === undefined ? 0 : loweredByOne };
  }
}

/** Everything that is said. */
export const heardInFull = <Told>(devices: ReadonlyMap<string, Told>): Heard<Told> => ({
  parts: [...devices.values()].map((told) => [told, 1] as const),
  lowered: 0,
});

const nobody: { readonly id: string | undefined; readonly value: number } = { id: undefined, value: 0 };
