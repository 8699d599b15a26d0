import { InvalidInput } from '@weir/base';
import { identityOf } from '@weir/inference';
import { describe, expect, it } from 'vitest';
import { classifier, labels } from './scripted-server.fixture.ts';
import { mapModels } from './served-model.ts';

const variants = ['net-0.50-int8', 'net-1.00-int8', 'net-1.00-fp32'].map(classifier);
const family = { name: 'nets', labels, variants };
const map = (models?: Record<string, string>) =>
  mapModels(
    'cloud-1',
    models
      ? { models: new Map(Object.entries(models).map(([variant, name]) => [variant, { name, version: '' }])) }
      : {},
    { family, identity: identityOf(family) },
  ).map(({ variant, model, named }) => [variant.name, model.name, named]);

describe('the models of a target', () => {
  it('are those of the variants named, by their ends too', () => {
    expect(map({ '0.50-int8': 'small', 'net-1.00-fp32': 'large' })).toEqual([
      ['net-0.50-int8', 'small', true],
      ['net-1.00-fp32', 'large', true],
    ]);
  });

  it('have the names of the variants where none is given', () => {
    expect(map()).toEqual(variants.map(({ name }) => [name, name, false]));
  });

  it('are refused for variants that are not there, not clear, or named twice, all together', () => {
    const refused = () => map({ '2.00': 'x', int8: 'y' });
    expect(refused).toThrow(InvalidInput);
    expect(refused).toThrow(
      /cloud-1: the family nets has no variant 2\.00; it has net-0.*cloud-1: int8 may be net-0.50-int8 or net-1.00-int8/s,
    );
    expect(() => map({ '1.00-fp32': 'x', 'net-1.00-fp32': 'y' })).toThrow('net-1.00-fp32 is mapped twice');
  });

  it('are left out where a family has lost them meanwhile', () => {
    const models = new Map([
      ['0.50-int8', { name: 'small', version: '' }],
      ['2.00', { name: 'x', version: '' }],
    ]);
    const left = mapModels(
      'cloud-1',
      { models },
      { family, identity: identityOf(family) },
      { lenient: true },
    );
    expect(left.map(({ variant }) => variant.name)).toEqual(['net-0.50-int8']);
  });
});
