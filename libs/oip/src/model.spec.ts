import { NotFound } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { familyModel, modelNamed, variantModel } from './model.ts';
import { classifier, detector } from './oip.fixture.ts';

const models = [classifier, detector];

describe('models', () => {
  it('are found by name, in their one version or in none', () => {
    expect(modelNamed(models, 'small', '')).toBe(classifier);
    expect(modelNamed(models, 'detector', '1')).toBe(detector);
  });

  it('that there are not are refused in the words that clients look for, with those that there are', () => {
    expect(() => modelNamed(models, 'large', '')).toThrow(NotFound);
    expect(() => modelNamed(models, 'large', '')).toThrow(
      "Request for unknown model: 'large' is not found; there are small, detector",
    );
    expect(() => modelNamed(models, 'small', '2')).toThrow("unknown model: 'small' version 2");
    expect(() => modelNamed(models, '', '')).toThrow('model_name');
  });

  it('are what a manifest says of their variants', () => {
    const { inputs, outputs, labels } = classifier;
    const setup = { labels: labels!, instances: 2 };
    const small = { name: 'small', input: { layout: 'NCHW' }, accuracy: { top1: 0.9 } } as const;
    expect(variantModel(small, { inputs, outputs }, setup)).toEqual({
      ...classifier,
      parameters: { accuracy: '0.9', accuracy_measure: 'top-1' },
    });
    const accuracy = { declared: 0.37, measure: 'mAP 50-95' };
    const model = variantModel({ name: 'detector', task: 'tensor', accuracy }, detector, {
      labels: [],
      instances: 1,
    });
    expect(model).toEqual({ ...detector, parameters: { accuracy: '0.37', accuracy_measure: 'mAP 50-95' } });
  });

  it('may stand for a family, which takes pictures where its variants classify them', () => {
    expect(familyModel('weir', [classifier, { ...classifier, name: 'other' }])).toMatchObject({
      name: 'weir',
      inputs: [{ name: 'image', dtype: 'string', shape: [-1, 1] }],
      tensors: classifier.inputs,
      labels: classifier.labels,
      parameters: { variants: 'small,other' },
    });
    const { inputs, outputs } = detector;
    expect(familyModel('weir', [detector])).toMatchObject({ inputs, outputs, labels: undefined });
  });
});
