import type { NamedTensorValue } from '@weir/domain';
import { common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { joinElements } from './bytes-elements.ts';
import { weirInputs } from './input.ts';
import { familyModel, type OipModel } from './model.ts';
import { classifier, detector, floats, pixels } from './oip.fixture.ts';

const tensor: NamedTensorValue = { name: 'pixels', dtype: 'float32', shape: [1, 3, 2, 2], data: pixels };
const picture = (...files: string[]): NamedTensorValue => ({
  name: 'image',
  dtype: 'string',
  shape: [files.length, 1],
  data: joinElements(files.map((file) => Buffer.from(file))),
});
const faultOf = (model: OipModel, ...tensors: NamedTensorValue[]): string => {
  try {
    weirInputs(model, tensors);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};
const shapeOf = ({ content }: common.Input) =>
  content?.$case === 'tensor' ? [content.value.shape, Buffer.from(content.value.data)] : content?.$case;

describe('inputs of a classifier', () => {
  it('are its tensor, a batch split into its members', () => {
    expect(weirInputs(classifier, [tensor])).toEqual([
      {
        content: {
          $case: 'tensor',
          value: { shape: [1, 3, 2, 2], dataType: common.DataType.FLOAT32, data: pixels },
        },
      },
    ]);
    const two = { ...tensor, shape: [2, 3, 2, 2], data: Buffer.concat([pixels, Buffer.alloc(48, 1)]) };
    expect(weirInputs(classifier, [two]).map(shapeOf)).toEqual([
      [[1, 3, 2, 2], pixels],
      [[1, 3, 2, 2], Buffer.alloc(48, 1)],
    ]);
  });

  it('may be pictures, under their own name or that of its input', () => {
    const asked = [picture('a', 'b'), { ...picture('a'), name: 'pixels' }].map((tensor) =>
      weirInputs(classifier, [tensor]).map(({ content }) => content),
    );
    const file = (text: string) => ({ $case: 'encodedImage', value: Buffer.from(text) });
    expect(asked).toEqual([[file('a'), file('b')], [file('a')]]);
  });

  it('are refused in words that say what it takes', () => {
    expect(faultOf(classifier, { ...tensor, name: 'x' })).toBe(
      "inputs[0].name: unexpected inference input 'x' for model 'small'; it takes " +
        "a picture as 'image' BYTES[-1,1] or 'pixels' FP32[-1,3,2,2]",
    );
    expect(faultOf(classifier, { ...tensor, dtype: 'int32' })).toContain(
      "data-type is 'INT32', but model 'small' expects 'FP32'",
    );
    expect(faultOf(classifier, { ...tensor, shape: [3, 2, 2] })).toContain(
      "unexpected shape for input 'pixels' for model 'small'. Expected [-1,3,2,2], got [3,2,2]",
    );
    const nine = { ...tensor, shape: [9, 3, 2, 2], data: Buffer.alloc(9 * 48) };
    expect(faultOf(classifier, nine)).toContain('batch-size must be 1..8');
    expect(faultOf(classifier, { ...tensor, shape: [0, 3, 2, 2] })).toContain('batch-size');
    expect(faultOf(classifier, picture())).toContain('expected 1..8 pictures');
    expect(faultOf(classifier, picture(...'123456789'))).toContain('expected 1..8 pictures');
    expect(faultOf(classifier, picture('a'), tensor)).toContain("unexpected inference input 'image'");
  });
});

describe('inputs of a family', () => {
  const large = { ...classifier, name: 'large', inputs: [{ ...classifier.inputs[0]!, shape: [1, 3, 4, 4] }] };

  it('are pictures, and the tensor too where all its variants take the same', () => {
    const alike = familyModel('weir', [classifier, { ...classifier, name: 'other' }]);
    expect(weirInputs(alike, [tensor]).map(shapeOf)).toEqual([[[1, 3, 2, 2], pixels]]);
    const different = familyModel('weir', [classifier, large]);
    expect(weirInputs(different, [picture('a')]).map(shapeOf)).toEqual(['encodedImage']);
    expect(faultOf(different, tensor)).toContain("it takes a picture as 'image' BYTES[-1,1]");
  });
});

describe('inputs of another model', () => {
  const image: NamedTensorValue = { name: 'image', dtype: 'uint8', shape: [2, 3], data: Buffer.alloc(6) };
  const threshold: NamedTensorValue = { name: 'threshold', dtype: 'float32', shape: [], data: floats(0.5) };

  it('go by their names, unsplit', () => {
    const [given, ...others] = weirInputs(detector, [threshold, image]);
    expect(others).toEqual([]);
    expect(given!.content).toMatchObject({
      $case: 'tensors',
      value: { tensors: [{ name: 'threshold' }, { name: 'image', tensor: { shape: [2, 3] } }] },
    });
  });

  it('must be all of its own, and are no pictures', () => {
    expect(faultOf(detector, image)).toBe("inputs: model 'detector' also needs 'threshold'");
    expect(faultOf(detector, picture('a'), threshold)).toContain("data-type is 'BYTES'");
    expect(faultOf(detector, { ...image, shape: [2, 4] }, threshold)).toContain('Expected [-1,3], got [2,4]');
  });
});
