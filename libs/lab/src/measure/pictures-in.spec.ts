import { InvalidInput } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { picturesIn } from './pictures-in.ts';

const picture = { file: 'a.png', image: new Uint8Array(1), label: 'a' };

describe('what needs pictures', () => {
  it('takes them', () => expect(picturesIn([picture])).toEqual([picture]));

  it('says so where there are tensors', () => {
    expect(() => picturesIn([picture, { file: 'x', tensors: [] }])).toThrow(InvalidInput);
  });
});
