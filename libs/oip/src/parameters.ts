import type { Violations } from '@weir/base';
import type { inference } from '@weir/proto';
import { limits } from '@weir/wire';

type Parameter = inference.InferParameter;

/** What a request asks for beside its outputs. */
export interface Wishes {
  /** ms; 0: none. */
  readonly timeoutMs: number;
  /** Least accuracy that may be promised of the answer, 0..1; undefined: none of its own. */
  readonly accuracyFloor: number | undefined;
  /** The answer on a stream tells that it is the last of its request. */
  readonly tellFinal: boolean;
}

/** `timeout` (µs, as Triton has it), `weir_floor` and Triton's flag of streams; others mean nothing here. */
export function wishesOf(parameters: Readonly<Record<string, Parameter>>, violations: Violations): Wishes {
  const { timeout, weir_floor: floor, triton_enable_empty_final_response: final } = parameters;
  const timeoutMs = timeout === undefined ? 0 : numberOf(timeout) / 1_000;
  const field = (name: string) => `parameters['${name}']`;
  violations.check(
    timeoutMs >= 0 && timeoutMs <= limits.ms,
    field('timeout'),
    `expected 0..${limits.ms * 1_000} µs as a whole number`,
  );
  const accuracyFloor = floor === undefined ? undefined : numberOf(floor);
  if (accuracyFloor !== undefined)
    violations.check(
      accuracyFloor >= 0 && accuracyFloor <= 1,
      field('weir_floor'),
      'expected a fraction 0..1, as a number or as text',
    );
  const { $case, value } = final?.parameterChoice ?? {};
  return { timeoutMs, accuracyFloor, tellFinal: $case === 'boolParam' && value === true };
}

/** Classes that are asked for of an output; 0: the output itself. */
export function classesOf(
  parameters: Readonly<Record<string, Parameter>>,
  field: string,
  violations: Violations,
): number {
  if (parameters.classification === undefined) return 0;
  const count = numberOf(parameters.classification);
  const good = violations.check(
    Number.isSafeInteger(count) && count >= 0,
    `${field}.parameters['classification']`,
    'expected a whole number >= 0',
  );
  return good ? count : 0;
}

/** NaN for what is no number. */
export function numberOf({ parameterChoice }: Parameter): number {
  switch (parameterChoice?.$case) {
    case 'int64Param':
    case 'uint64Param':
    case 'doubleParam':
      return Number(parameterChoice.value);
    case 'stringParam':
      return parameterChoice.value.trim() === '' ? NaN : Number(parameterChoice.value);
    default:
      return NaN;
  }
}

/** What an answer tells beside its outputs; numbers as text, for KServe's clients know none with a fraction. */
export const toParameters = (
  facts: Readonly<Record<string, string | number | boolean>>,
): Record<string, Parameter> =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, toParameter(value)]));

const toParameter = (value: string | number | boolean): Parameter =>
  typeof value === 'boolean'
    ? { parameterChoice: { $case: 'boolParam', value } }
    : { parameterChoice: { $case: 'stringParam', value: String(value) } };
