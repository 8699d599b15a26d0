import type { Random } from '@weir/base';

export interface DenseNetShape {
  readonly inputs: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly outputs: number;
}

/** One example: the outputs in `rows` are to add up to `target`. */
export interface Example {
  readonly input: Float32Array;
  readonly rows: ArrayLike<number>;
  readonly target: number;
}

/** JSON form of a `DenseNet`: weights, first and second moments of each layer, steps done. */
export interface DenseNetState {
  readonly layers: readonly (readonly number[])[];
  readonly first: readonly (readonly number[])[];
  readonly second: readonly (readonly number[])[];
  readonly steps: number;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * A small fully connected network with ReLU units, trained with Adam on the squared error, cut at one (Huber). Zeros of
 * a layer's input are skipped, and in the last layer only the rows of the examples are computed and changed, so that a
 * head with thousands of actions costs no more than the one that was tried. Sources: Kingma & Ba 2015; He et al. 2015
 * (initialisation); Mnih et al. 2015 (cut error).
 */
export class DenseNet {
  readonly shape: DenseNetShape;
  /** Hidden layers: [input × unit] then the biases. Last layer: [output × (unit + 1)], the bias last. */
  readonly #layers: Float32Array[];
  readonly #first: Float32Array[];
  readonly #second: Float32Array[];
  readonly #gradients: Float32Array[];
  readonly #activations: Float32Array[];
  readonly #deltas: Float32Array[];
  #steps = 0;

  constructor(shape: DenseNetShape, random: Random) {
    this.shape = shape;
    const { inputs, hidden, outputs } = shape;
    const widths = [inputs, ...hidden];
    this.#layers = hidden.map((units, l) => {
      const from = widths[l]!;
      const deviation = Math.sqrt(2 / Math.max(1, from));
      return Float32Array.from({ length: (from + 1) * units }, (_, at) =>
        at < from * units ? deviation * random.normal() : 0,
      );
    });
    const last = widths[widths.length - 1]!;
    const bound = Math.sqrt(1 / last);
    this.#layers.push(
      Float32Array.from({ length: outputs * (last + 1) }, (_, at) =>
        at % (last + 1) === last ? 0 : 0.1 * bound * random.normal(),
      ),
    );
    this.#first = this.#layers.map(({ length }) => new Float32Array(length));
    this.#second = this.#layers.map(({ length }) => new Float32Array(length));
    this.#gradients = this.#layers.map(({ length }) => new Float32Array(length));
    this.#activations = hidden.map((units) => new Float32Array(units));
    this.#deltas = hidden.map((units) => new Float32Array(units));
  }

  /** Number of weights, biases included, of each layer. */
  get lengths(): readonly number[] {
    return this.#layers.map(({ length }) => length);
  }

  /** Sum of the outputs of the given rows. */
  sum(input: Float32Array, rows: ArrayLike<number>): number {
    const top = this.#forward(input);
    let sum = 0;
    for (let r = 0; r < rows.length; r++) sum += this.#row(top, rows[r]!);
    return sum;
  }

  /** All outputs. */
  allOutputs(input: Float32Array): Float32Array {
    const top = this.#forward(input);
    const outputs = new Float32Array(this.shape.outputs);
    for (let row = 0; row < outputs.length; row++) outputs[row] = this.#row(top, row);
    return outputs;
  }

  /** One Adam step on the mean error of the examples. Returns the mean squared error before it. */
  train(examples: readonly Example[], learningRate: number): number {
    const last = this.#layers.length - 1;
    const width = this.shape.hidden[last - 1]! + 1;
    const touched = new Set<number>();
    let squared = 0;
    for (const { input, rows, target } of examples) {
      const top = this.#forward(input);
      let sum = 0;
      for (let r = 0; r < rows.length; r++) sum += this.#row(top, rows[r]!);
      const error = sum - target;
      squared += error * error;
      const slope = Math.max(-1, Math.min(1, error)) / examples.length;
      const delta = this.#deltas[last - 1]!.fill(0);
      for (let r = 0; r < rows.length; r++) {
        const start = rows[r]! * width;
        touched.add(rows[r]!);
        for (let u = 0; u < width - 1; u++) {
          delta[u]! += slope * this.#layers[last]![start + u]!;
          this.#gradients[last]![start + u]! += slope * top[u]!;
        }
        this.#gradients[last]![start + width - 1]! += slope;
      }
      this.#backward(input);
    }
    this.#steps++;
    const rate = (learningRate * Math.sqrt(1 - beta2 ** this.#steps)) / (1 - beta1 ** this.#steps);
    for (let l = 0; l < last; l++) this.#adam(l, 0, this.#layers[l]!.length, rate);
    for (const row of touched) this.#adam(last, row * width, (row + 1) * width, rate);
    return squared / examples.length;
  }

  copyFrom(other: DenseNet): void {
    this.#layers.forEach((layer, l) => layer.set(other.#layers[l]!));
  }

  state(): DenseNetState {
    const plain = (layers: Float32Array[]) => layers.map((layer) => [...layer]);
    const [layers, first, second] = [plain(this.#layers), plain(this.#first), plain(this.#second)];
    return { layers, first, second, steps: this.#steps };
  }

  /** The state must come from a network of the same shape. */
  restore({ layers, first, second, steps }: DenseNetState): void {
    this.#layers.forEach((layer, l) => layer.set(layers[l]!));
    this.#first.forEach((layer, l) => layer.set(first[l]!));
    this.#second.forEach((layer, l) => layer.set(second[l]!));
    this.#steps = steps;
  }

  #forward(input: Float32Array): Float32Array {
    let from = input;
    for (let l = 0; l < this.#activations.length; l++) {
      const to = this.#activations[l]!;
      const weights = this.#layers[l]!;
      const units = to.length;
      to.set(weights.subarray(from.length * units));
      for (let i = 0; i < from.length; i++) {
        const value = from[i]!;
        if (value === 0) continue;
        const start = i * units;
        for (let u = 0; u < units; u++) to[u]! += value * weights[start + u]!;
      }
      for (let u = 0; u < units; u++) if (to[u]! < 0) to[u] = 0;
      from = to;
    }
    return from;
  }

  #row(top: Float32Array, row: number): number {
    const weights = this.#layers[this.#layers.length - 1]!;
    const start = row * (top.length + 1);
    let sum = weights[start + top.length]!;
    for (let u = 0; u < top.length; u++) sum += top[u]! * weights[start + u]!;
    return sum;
  }

  /** From the error at the top hidden layer down; the activations are those of the last forward pass. */
  #backward(input: Float32Array): void {
    for (let l = this.#activations.length - 1; l >= 0; l--) {
      const delta = this.#deltas[l]!;
      const above = this.#activations[l]!;
      const below = l > 0 ? this.#activations[l - 1]! : input;
      const down = l > 0 ? this.#deltas[l - 1]! : undefined;
      const weights = this.#layers[l]!;
      const gradient = this.#gradients[l]!;
      const units = delta.length;
      for (let u = 0; u < units; u++) if (above[u] === 0) delta[u] = 0;
      for (let i = 0; i < below.length; i++) {
        const value = below[i]!;
        // A unit that is off passes no error on either: its own delta is cut in the next round.
        if (value === 0) {
          if (down) down[i] = 0;
          continue;
        }
        const start = i * units;
        let back = 0;
        for (let u = 0; u < units; u++) {
          gradient[start + u]! += value * delta[u]!;
          back += weights[start + u]! * delta[u]!;
        }
        if (down) down[i] = back;
      }
      const biases = below.length * units;
      for (let u = 0; u < units; u++) gradient[biases + u]! += delta[u]!;
    }
  }

  #adam(l: number, from: number, to: number, rate: number): void {
    const [layer, gradient] = [this.#layers[l]!, this.#gradients[l]!];
    const [first, second] = [this.#first[l]!, this.#second[l]!];
    for (let at = from; at < to; at++) {
      const slope = gradient[at]!;
      gradient[at] = 0;
      first[at] = beta1 * first[at]! + (1 - beta1) * slope;
      second[at] = beta2 * second[at]! + (1 - beta2) * slope * slope;
      layer[at]! -= (rate * first[at]!) / (Math.sqrt(second[at]!) + epsilon);
    }
  }
}
