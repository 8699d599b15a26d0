/** Randomness, passed in wherever it is needed so that a run replays from one seed. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Uniform integer in [0, bound). */
  readonly integer: (bound: number) => number;
  /** Standard normal. */
  readonly normal: () => number;
  /** Exponential with the given mean. */
  readonly exponential: (mean: number) => number;
  /** An independent generator, the same for the same label and seed. */
  readonly fork: (label: string) => Random;
}

/** xoshiro128** seeded through SplitMix32. Source: Blackman & Vigna 2018, "Scrambled linear pseudorandom generators". */
export function seededRandom(seed: number): Random {
  const state = splitMix32(seed);
  const words = Uint32Array.of(state(), state(), state(), state());
  let spareNormal: number | undefined;

  const nextUint32 = (): number => {
    const [a, b, c, d] = words as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    const c1 = c ^ a;
    const d1 = d ^ b;
    words[1] = b ^ c1;
    words[0] = a ^ d1;
    words[2] = c1 ^ t;
    words[3] = rotateLeft(d1, 11);
    return result;
  };

  const uniform = () => ((nextUint32() >>> 5) * 67_108_864 + (nextUint32() >>> 6)) / 9_007_199_254_740_992;

  return {
    uniform,
    integer: (bound) => Math.floor(uniform() * bound),
    exponential: (mean) => -mean * Math.log1p(-uniform()),
    normal() {
      if (spareNormal !== undefined) {
        const value = spareNormal;
        spareNormal = undefined;
        return value;
      }
      // Box–Muller; keep the second value for the next call.
      const radius = Math.sqrt(-2 * Math.log1p(-uniform()));
      const angle = 2 * Math.PI * uniform();
      spareNormal = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    fork(label) {
      let hash = seed >>> 0;
      for (let at = 0; at < label.length; at++) {
        const point = label.codePointAt(at)!;
        if (point > 0xffff) at++;
        hash = Math.imul(hash ^ point, 0x01000193) >>> 0;
      }
      return seededRandom(hash ^ 0x9e3779b9);
    },
  };

  function splitMix32(initial: number) {
    let value = initial >>> 0;
    return () => {
      value = (value + 0x9e3779b9) >>> 0;
      let mixed = value ^ (value >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
  }
}

const rotateLeft = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
