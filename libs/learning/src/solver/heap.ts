/** Smallest key first; keys and ids side by side in typed arrays. */
export class MinHeap {
  #keys = new Float64Array(64);
  #ids = new Int32Array(64);
  size = 0;

  get key(): number {
    return this.#keys[0]!;
  }

  get id(): number {
    return this.#ids[0]!;
  }

  push(key: number, id: number): void {
    if (this.size === this.#keys.length) {
      const keys = new Float64Array(2 * this.size);
      const ids = new Int32Array(2 * this.size);
      keys.set(this.#keys);
      ids.set(this.#ids);
      this.#keys = keys;
      this.#ids = ids;
    }
    let at = this.size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#keys[above]! <= key) break;
      this.#keys[at] = this.#keys[above]!;
      this.#ids[at] = this.#ids[above]!;
      at = above;
    }
    this.#keys[at] = key;
    this.#ids[at] = id;
  }

  pop(): void {
    const last = --this.size;
    if (last === 0) return;
    const key = this.#keys[last]!;
    const id = this.#ids[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#keys[child + 1]! < this.#keys[child]!) child++;
      if (this.#keys[child]! >= key) break;
      this.#keys[at] = this.#keys[child]!;
      this.#ids[at] = this.#ids[child]!;
      at = child;
    }
    this.#keys[at] = key;
    this.#ids[at] = id;
  }
}
