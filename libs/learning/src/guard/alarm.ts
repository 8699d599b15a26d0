/** Standard errors beyond which chance is no explanation: it is looked at about once a second, for days. */
const beginsAt = 3.75;
/** What has begun ends where chance would explain the rest: in between it neither begins nor ends. */
const endsAt = 1;

/** Whether evidence is beyond chance, so that it neither begins by chance nor comes and goes with it. */
export class Alarm {
  #sounds = false;

  /** `deviation`: of what may be heard; `ofAll`: of everything that is said. */
  hears(deviation: number, ofAll: number): boolean {
    this.#sounds = this.#sounds ? deviation > endsAt : Alarm.mayBegin(Math.min(deviation, ofAll));
    return this.#sounds;
  }

  /** `deviation`: of everything that is heard. */
  static mayBegin(deviation: number): boolean {
    return deviation > beginsAt;
  }

  get sounds(): boolean {
    return this.#sounds;
  }
}
