import { Violations } from '@weir/base';
import type { inference } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { text, whole } from './oip.fixture.ts';
import { classesOf, toParameters, wishesOf } from './parameters.ts';

type Parameters = Record<string, inference.InferParameter>;
const double = (value: number): inference.InferParameter => ({
  parameterChoice: { $case: 'doubleParam', value },
});
const unsigned = (value: bigint): inference.InferParameter => ({
  parameterChoice: { $case: 'uint64Param', value },
});
const nothing: inference.InferParameter = { parameterChoice: undefined };
const read = (parameters: Parameters) => wishesOf(parameters, new Violations());
const faults = (parameters: Parameters) => {
  const violations = new Violations();
  wishesOf(parameters, violations);
  return violations.found.map(({ field }) => field);
};

describe('parameters of a request', () => {
  it('give its timeout in µs, signed or not', () => {
    expect(read({ timeout: whole(1_500) }).timeoutMs).toBe(1.5);
    expect(read({ timeout: unsigned(2_000n) }).timeoutMs).toBe(2);
    expect(read({}).timeoutMs).toBe(0);
  });

  it('give its floor as a number or as text', () => {
    expect(read({ weir_floor: double(0.85) }).accuracyFloor).toBe(0.85);
    expect(read({ weir_floor: text('0.85') }).accuracyFloor).toBe(0.85);
    expect(read({ weir_floor: whole(1) }).accuracyFloor).toBe(1);
    expect(read({ weir_priority: double(2) }).accuracyFloor).toBeUndefined();
  });

  it('are refused by name where they are out of their range', () => {
    for (const timeout of [whole(-1), text('soon'), unsigned(2n ** 63n), nothing])
      expect(faults({ timeout })).toEqual(["parameters['timeout']"]);
    for (const weir_floor of [double(1.5), double(NaN), text(''), text('high'), nothing])
      expect(faults({ weir_floor })).toEqual(["parameters['weir_floor']"]);
  });

  it('of an output give its classes', () => {
    const violations = new Violations();
    expect(classesOf({ classification: whole(3) }, 'outputs[0]', violations)).toBe(3);
    expect(classesOf({}, 'outputs[0]', violations)).toBe(0);
    expect(violations.found).toEqual([]);
    expect(classesOf({ classification: whole(-3) }, 'outputs[0]', violations)).toBe(0);
    expect(violations.found).toHaveLength(1);
  });

  it('of an answer are text, or yes and no', () => {
    expect(toParameters({ a: 'text', b: 0.5, c: true })).toEqual({
      a: text('text'),
      b: text('0.5'),
      c: { parameterChoice: { $case: 'boolParam', value: true } },
    });
  });
});
