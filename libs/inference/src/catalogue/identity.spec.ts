import { beforeAll, describe, expect, it } from 'vitest';
import { identityOf } from './identity.ts';
import { type Classifier, type Family, loadFamily, type TensorModel } from './manifest.ts';

describe('identityOf', () => {
  let family: Family;
  beforeAll(async () => {
    family = await loadFamily();
  });

  const changed = (variant: Partial<Classifier>): Family => ({
    ...family,
    variants: family.variants.map((entry, at) =>
      at === 0 ? ({ ...entry, ...variant } as Classifier) : entry,
    ),
  });
  const first = () => family.variants[0] as Classifier;
  const checksum = (of: Family) => identityOf(of).checksums.get(first().name);

  it("is the same for the same family, whatever the order of its variants and of the manifest's keys", () => {
    const { input } = first();
    const { std, ...others } = input;
    const reordered = changed({ input: { std, ...others } });
    const reversed = { ...reordered, variants: reordered.variants.toReversed() };
    expect(identityOf(reversed).version).toBe(identityOf(family).version);
    expect(checksum(reversed)).toBe(checksum(family));
  });

  it('is the same wherever it lies, and whatever is measured of it', () => {
    const measured = changed({ path: '/elsewhere', accuracy: { top1: 0.5, n: 2, interval95: [0, 1] } });
    expect(identityOf(measured)).toEqual(identityOf(family));
  });

  it.each<[string, () => Family]>([
    ['its model file', () => changed({ sha256: '0'.repeat(64) })],
    ['its mean', () => changed({ input: { ...first().input, mean: [1, 2, 3] } })],
    ['its colour order', () => changed({ input: { ...first().input, colourOrder: 'BGR' } })],
    ['its output', () => changed({ output: { ...first().output, kind: 'probabilities' } })],
    [
      'what its whole numbers stand for',
      () => changed({ output: { ...first().output, quantisation: { scale: 0.5, zeroPoint: 0 } } }),
    ],
    ['its temperature', () => changed({ calibration: { temperature: 7 } })],
    ['the order of the labels', () => ({ ...family, labels: family.labels.toReversed() })],
  ])('changes a variant, and the version, with %s', (_what, other) => {
    expect(checksum(other())).not.toBe(checksum(family));
    expect(identityOf(other()).version).not.toBe(identityOf(family).version);
  });

  it('keeps the other variants when one changes', () => {
    const { checksums } = identityOf(changed({ sha256: '0'.repeat(64) }));
    const before = identityOf(family).checksums;
    expect([...checksums].filter(([name, sum]) => before.get(name) !== sum).map(([name]) => name)).toEqual([
      first().name,
    ]);
  });

  it('is another version with a variant less', () => {
    const fewer = { ...family, variants: family.variants.slice(1) };
    expect(identityOf(fewer).version).not.toBe(identityOf(family).version);
    expect(identityOf(fewer).version).toMatch(/^[0-9a-f]{16}$/);
  });

  it('tells models of any inputs and outputs apart by these', () => {
    const { name, sha256 } = first();
    const inputs = [{ name: 'x', dtype: 'float32', shape: [-1, 3] }] as const;
    const model = { name, task: 'tensor', sha256, inputs, outputs: inputs } as unknown as TensorModel;
    const sum = (variant: TensorModel) => identityOf({ name: 'f', labels: [], variants: [variant] }).version;
    expect(sum({ ...model, inputs: [{ ...inputs[0], shape: [-1, 4] }] })).not.toBe(sum(model));
    expect(sum({ ...model, accuracy: { declared: 0.1, measure: 'mAP' } })).toBe(sum(model));
  });
});
