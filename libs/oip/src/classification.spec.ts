import { InvalidInput } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { splitElements } from './bytes-elements.ts';
import { classify } from './classification.ts';
import { floats } from './oip.fixture.ts';

const labels = ['shoe', 'shirt', 'bag'];
const logits: NamedTensorValue = {
  name: 'logits',
  dtype: 'float32',
  shape: [2, 3],
  data: floats(0.5, 2, -1, 3, 3, 4),
};
const texts = ({ data }: NamedTensorValue) =>
  splitElements(data, 99)!.map((element) => Buffer.from(element).toString());

describe('the classification extension', () => {
  it('gives value, index and label of the largest, of each member of the batch', () => {
    const classes = classify(logits, { count: 2, labels, batched: true });
    expect(classes).toMatchObject({ name: 'logits', dtype: 'string', shape: [2, 2] });
    expect(texts(classes)).toEqual([
      '2.000000:1:shirt',
      '0.500000:0:shoe',
      '4.000000:2:bag',
      '3.000000:0:shoe',
    ]);
  });

  it('gives no more than there are, and no label where there is none', () => {
    const whole = classify(logits, { count: 9, batched: false });
    expect(whole.shape).toEqual([6]);
    expect(texts(whole).slice(0, 2)).toEqual(['4.000000:5', '3.000000:3']);
  });

  it('counts whole numbers as such, and refuses what are none', () => {
    const counts = { ...logits, dtype: 'int16', shape: [2], data: Buffer.from([1, 0, 255, 255]) } as const;
    expect(texts(classify(counts, { count: 2, labels, batched: false }))).toEqual(['1:0:shoe', '-1:1:shirt']);
    const words = { ...logits, dtype: 'string' } as const;
    expect(() => classify(words, { count: 1, batched: false })).toThrow(InvalidInput);
    expect(() => classify(words, { count: 1, batched: false })).toThrow("'logits' is BYTES");
  });
});
