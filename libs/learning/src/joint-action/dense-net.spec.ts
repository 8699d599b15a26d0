import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DenseNet, type DenseNetShape, type Example } from './dense-net.ts';

type Layers = readonly (readonly number[])[];

/** All outputs, in double precision, from weights laid out as `DenseNet` documents them. */
function outputsOf({ hidden, outputs }: DenseNetShape, layers: Layers, input: ArrayLike<number>): number[] {
  let from = Array.from(input);
  for (const [l, units] of hidden.entries()) {
    const below = from;
    from = Array.from({ length: units }, (_, u) => {
      const bias = layers[l]![below.length * units + u]!;
      return Math.max(
        0,
        below.reduce((sum, value, i) => sum + value * layers[l]![i * units + u]!, bias),
      );
    });
  }
  const width = from.length + 1;
  return Array.from({ length: outputs }, (_, row) =>
    from.reduce(
      (sum, value, u) => sum + value * layers.at(-1)![row * width + u]!,
      layers.at(-1)![row * width + width - 1]!,
    ),
  );
}

/** Mean Huber error: half the square up to an error of one, linear beyond. */
function lossOf(shape: DenseNetShape, layers: Layers, examples: readonly Example[]): number {
  const errors = examples.map(({ input, rows, target }) => {
    const outputs = outputsOf(shape, layers, input);
    const error = Math.abs(Array.from(rows).reduce((sum, row) => sum + outputs[row]!, 0) - target);
    return error <= 1 ? error ** 2 / 2 : error - 0.5;
  });
  return errors.reduce((sum, each) => sum + each, 0) / errors.length;
}

/** Central finite differences of the loss by every weight and bias. */
function slopesOf(shape: DenseNetShape, layers: Layers, examples: readonly Example[]): number[][] {
  const step = 1e-6;
  return layers.map((layer, l) =>
    layer.map((_, at) => {
      const shifted = (by: number) =>
        layers.map((each, k) => (k === l ? each.map((value, i) => (i === at ? value + by : value)) : each));
      return (lossOf(shape, shifted(step), examples) - lossOf(shape, shifted(-step), examples)) / (2 * step);
    }),
  );
}

/** A network whose biases are not 0, and examples that some inputs of are 0, some errors beyond the cut. */
function caseOf(seed: number) {
  const random = seededRandom(seed);
  const shape = { inputs: 4, hidden: [5, 3], outputs: 3 };
  const net = new DenseNet(shape, random);
  const state = net.state();
  net.restore({
    ...state,
    layers: state.layers.map((layer) => layer.map((value) => value + 0.2 * random.normal())),
  });
  const examples = Array.from({ length: 4 }, (): Example => ({
    input: Float32Array.from({ length: 4 }, () => (random.uniform() < 0.3 ? 0 : random.normal())),
    rows: random.uniform() < 0.5 ? [random.integer(3)] : [0, 2],
    target: 2 * random.normal(),
  }));
  return { shape, net, examples };
}

/** Largest distance of a network's numbers from those expected, relative to the largest of these. */
function distance(numbers: Layers, expected: Layers): number {
  const scale = Math.max(...expected.flat().map(Math.abs), 1e-3);
  return (
    Math.max(
      ...numbers.flatMap((layer, l) => layer.map((value, at) => Math.abs(value - expected[l]![at]!))),
    ) / scale
  );
}

/** How far the gradients of a case are from the slopes of its loss, relative to the largest. */
function gradientError(seed: number): number {
  const { shape, net, examples } = caseOf(seed);
  const expected = slopesOf(shape, net.state().layers, examples);
  net.train(examples, 1e-3);
  // Adam's first moment after one step is a tenth of the gradient.
  const gradients = net.state().first.map((layer) => layer.map((value) => value / (1 - 0.9)));
  return distance(gradients, expected);
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe('dense net', () => {
  it('computes every output, and sums of some, as the plain formula does', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { shape, net, examples } = caseOf(seed);
        for (const { input, rows } of examples) {
          const expected = outputsOf(shape, net.state().layers, input);
          expect(distance([[...net.allOutputs(input)]], [expected])).toBeLessThan(1e-4);
          const sum = Array.from(rows).reduce((total, row) => total + expected[row]!, 0);
          expect(Math.abs(net.sum(input, rows) - sum)).toBeLessThan(1e-4 * Math.max(1, Math.abs(sum)));
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 2, 3, 4, 5, 6])('has the gradients of its loss in case %i', (seed) => {
    expect(gradientError(seed)).toBeLessThan(1e-3);
  });

  it('has the gradients of its loss, of weights and biases in every layer', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(gradientError(seed)).toBeLessThan(1e-3);
      }),
      { numRuns: 30 },
    );
  });

  it('starts each step from no gradient, and steps as Adam does', () => {
    const shape = { inputs: 2, hidden: [3], outputs: 1 };
    const net = new DenseNet(shape, seededRandom(3));
    const examples = [{ input: Float32Array.of(1, -0.5), rows: [0], target: 3 }];
    let layers: number[][] = net.state().layers.map((layer) => [...layer]);
    const [first, second] = [0, 1].map(() => layers.map((layer) => layer.map(() => 0)));
    for (let step = 1; step <= 3; step++) {
      const slopes = slopesOf(shape, layers, examples);
      layers = layers.map((layer, l) =>
        layer.map((value, at) => {
          first![l]![at] = 0.9 * first![l]![at]! + 0.1 * slopes[l]![at]!;
          second![l]![at] = 0.999 * second![l]![at]! + 0.001 * slopes[l]![at]! ** 2;
          const [mean, square] = [first![l]![at] / (1 - 0.9 ** step), second![l]![at] / (1 - 0.999 ** step)];
          return value - (0.01 * mean) / (Math.sqrt(square) + 1e-8);
        }),
      );
      net.train(examples, 0.01);
    }
    expect(distance(net.state().layers, layers)).toBeLessThan(1e-3);
  });

  it('leaves the outputs of other rows alone', () => {
    const net = new DenseNet({ inputs: 1, hidden: [4], outputs: 2 }, seededRandom(4));
    const before = net.state().layers[1]!.slice(5);
    net.train([{ input: Float32Array.of(1), rows: [0], target: 1 }], 0.1);
    expect(net.state().layers[1]!.slice(5)).toEqual(before);
  });

  it('learns a function of a bias alone: its input is always 0', () => {
    const net = new DenseNet({ inputs: 1, hidden: [4], outputs: 1 }, seededRandom(5));
    const example = { input: Float32Array.of(0), rows: [0], target: 0.7 };
    for (let step = 0; step < 400; step++) net.train([example], 0.01);
    expect(net.sum(example.input, [0])).toBeCloseTo(0.7, 2);
  });
});
