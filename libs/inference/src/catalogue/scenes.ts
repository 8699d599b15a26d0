import { FRAME, type Garments } from './garments.ts';

/**
 * The shelf camera, to the byte as models/recipe/scenes.py composes it: keep the order of operations. The models'
 * accuracy was measured on these scenes; here they let the serving runtime measure it again.
 */
export const SCENE_SIDE = 64;
/** Seeds of the scenes: none of these was trained on, nor was a temperature fitted to them. */
export const TEST_SEED = 3_000;
export const LOOKS_SEED = 4_000;

const PIXELS = SCENE_SIDE * SCENE_SIDE;
const GOLDEN = 0x9e3779b9;
const FRAGMENT_DRAWS = 16;

/** Sizes in px of the scene, noise as a fraction of full scale; as in the manifest's `task.difficulty`. */
const DIFFICULTY = {
  targetPx: [28, 60],
  fragments: [2, 4],
  fragmentPx: [24, 48],
  maxNoise: 0.04,
  targetTurn: 0.2,
} as const;

export interface Scene {
  /** RGB, uint8 [64 × 64 × 3]. */
  readonly pixels: Uint8Array;
  readonly classIndex: number;
  readonly targetPx: number;
  readonly noise: number;
}

/** Scene number `index` of `seed`; it shows garment `index` modulo their number. */
export function composeScene(garments: Garments, seed: number, index: number): Scene {
  const key = mix(mix(seed) + Math.imul(index, GOLDEN));
  const draw = (k: number) => mix(key + Math.imul(k + 1, GOLDEN)) / 4_294_967_296;
  const between = (k: number, [from, to]: readonly [number, number]) => from + draw(k) * (to - from);

  const canvas = background(draw);
  const [fewest, most] = DIFFICULTY.fragments;
  const count = fewest + Math.floor(draw(9) * (most - fewest + 1));
  for (let f = 0; f < count; f++) {
    const k = 32 + f * FRAGMENT_DRAWS;
    paint(canvas, garments, {
      garment: Math.floor(draw(k) * garments.count),
      scale: between(k + 1, DIFFICULTY.fragmentPx) / 28,
      x: between(k + 2, [-30, 30]),
      y: between(k + 3, [-30, 30]),
      turn: between(k + 4, [-1, 1]),
      flip: draw(k + 5) < 0.5,
      window: {
        left: between(k + 6, [0, 14]),
        top: between(k + 7, [0, 14]),
        width: between(k + 8, [9, 16]),
        height: between(k + 9, [9, 16]),
      },
      tint: [0, 1, 2].map((c) => between(k + 10 + c, [0.2, 1])),
    });
  }

  const garment = index % garments.count;
  const targetPx = between(10, DIFFICULTY.targetPx);
  const reach = (SCENE_SIDE - targetPx) / 2 + 2;
  paint(canvas, garments, {
    garment,
    scale: targetPx / 28,
    x: (draw(11) * 2 - 1) * reach,
    y: (draw(12) * 2 - 1) * reach,
    turn: between(13, [-DIFFICULTY.targetTurn, DIFFICULTY.targetTurn]),
    flip: draw(14) < 0.5,
    tint: [0, 1, 2].map((c) => between(15 + c, [0.2, 1])),
  });

  const light = { level: between(18, [0.6, 1.1]), x: between(19, [-0.3, 0.3]), y: between(20, [-0.3, 0.3]) };
  const noise = draw(21) * DIFFICULTY.maxNoise;
  const pixels = expose(canvas, light, noise, mix(key ^ 0x5bd1e995));
  return { pixels, classIndex: garments.labels[garment]!, targetPx, noise };
}

/** A ramp between two colours: Float64Array [64 × 64 × 3]. */
function background(draw: (k: number) => number): Float64Array {
  const canvas = new Float64Array(PIXELS * 3);
  const slopeX = draw(0) * 2 - 1;
  const slopeY = draw(1) * 2 - 1;
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const ramp = Math.min(1, Math.max(0, (xOf(pixel) * slopeX + yOf(pixel) * slopeY) / 64 + 0.5));
    for (let c = 0; c < 3; c++) canvas[pixel * 3 + c] = draw(2 + c) + (draw(5 + c) - draw(2 + c)) * ramp;
  }
  return canvas;
}

interface Layer {
  readonly garment: number;
  readonly scale: number;
  readonly x: number;
  readonly y: number;
  /** Tangent of half the angle: rotations without sines are the same on every machine. */
  readonly turn: number;
  readonly flip: boolean;
  /** In the garment's px; what lies outside is clipped. */
  readonly window?: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly tint: readonly number[];
}

function paint(canvas: Float64Array, garments: Garments, layer: Layer): void {
  const { turn, scale, flip, window, tint } = layer;
  const norm = 1 + turn * turn;
  const cos = (1 - turn * turn) / norm / scale;
  const sin = (2 * turn) / norm / scale;
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const dx = xOf(pixel) - layer.x;
    const dy = yOf(pixel) - layer.y;
    const along = dx * cos + dy * sin;
    const gx = (flip ? -along : along) + 13.5;
    const gy = dy * cos - dx * sin + 13.5;
    if (window) {
      if (gx < window.left || gx >= window.left + window.width) continue;
      if (gy < window.top || gy >= window.top + window.height) continue;
    }
    const brightness = sample(garments.frames, layer.garment, gx, gy);
    const alpha = Math.min(1, brightness / 40);
    const shade = 0.2 + 0.8 * (brightness / 255);
    for (let c = 0; c < 3; c++) {
      const at = pixel * 3 + c;
      canvas[at]! += (tint[c]! * shade - canvas[at]!) * alpha;
    }
  }
}

/** Bilinear brightness 0..255 of a garment at (gx, gy); black outside. */
function sample(frames: Uint8Array, garment: number, gx: number, gy: number): number {
  const x = Math.min(30, Math.max(0, gx + 2));
  const y = Math.min(30, Math.max(0, gy + 2));
  const ix = Math.trunc(x);
  const iy = Math.trunc(y);
  const at = (garment * FRAME + iy) * FRAME + ix;
  const top = frames[at]! + (frames[at + 1]! - frames[at]!) * (x - ix);
  const below = at + FRAME;
  const bottom = frames[below]! + (frames[below + 1]! - frames[below]!) * (x - ix);
  return top + (bottom - top) * (y - iy);
}

/** Lighting, then sensor noise: the sum of a hash's four bytes is near Gaussian, sd 147.8. */
function expose(
  canvas: Float64Array,
  light: { readonly level: number; readonly x: number; readonly y: number },
  noise: number,
  stream: number,
): Uint8Array {
  const scene = new Uint8Array(PIXELS * 3);
  const amplitude = noise / 147.8;
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const gain = light.level + (xOf(pixel) * light.x + yOf(pixel) * light.y) / 32;
    for (let c = 0; c < 3; c++) {
      const hash = mix(stream + Math.imul(pixel * 3 + c, GOLDEN));
      const bytes = (hash & 255) + ((hash >>> 8) & 255) + ((hash >>> 16) & 255) + (hash >>> 24);
      const value = canvas[pixel * 3 + c]! * gain + (bytes - 510) * amplitude;
      scene[pixel * 3 + c] = Math.trunc(Math.min(255, Math.max(0, value * 255 + 0.5)));
    }
  }
  return scene;
}

const xOf = (pixel: number) => (pixel % SCENE_SIDE) - 31.5;
const yOf = (pixel: number) => Math.trunc(pixel / SCENE_SIDE) - 31.5;

/** lowbias32 (Wellons 2018): a bijection of 32-bit words with little bias. */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
