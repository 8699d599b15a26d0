/** Standard errors beyond which chance is no explanation: it is looked at about once a second, for days. */
const beginsAt = 3.75;
/** What has begun ends where chance would explain the rest: in between it neither begins nor ends. */
const endsAt = 1;

/** Whether evidence is beyond chance, so that it neither begins by chance nor comes and goes with it. */
export class Alarm {
  #sounds = false;

  hears(deviation: number): boolean {
    this.#sounds = deviation > (this.#sounds ? endsAt : beginsAt);
    return this.#sounds;
  }
}
