import { Internal, type Violations } from '@weir/base';
import type { NamedTensorValue } from '@weir/domain';
import type { common, inference } from '@weir/proto';
import { namedTensorsFromWire } from '@weir/wire';
import type { OipAnswer } from './backend.ts';
import { classify } from './classification.ts';
import { datatypeOf } from './datatypes.ts';
import { type OipModel, version } from './model.ts';
import { classesOf, toParameters } from './parameters.ts';

/** An output that is asked for. */
export interface AskedOutput {
  readonly name: string;
  /** Classes instead of the tensor itself; 0: the tensor. */
  readonly classes: number;
}

/** Of a request that names none: all. Notes those that the model does not have. */
export function askedOutputs(
  { outputs }: inference.ModelInferRequest,
  model: OipModel,
  violations: Violations,
): readonly AskedOutput[] {
  if (outputs.length === 0) return model.outputs.map(({ name }) => ({ name, classes: 0 }));
  return violations.list(outputs, 'outputs', model.outputs.length).map(({ name, parameters }, at) => {
    const field = `outputs[${at}]`;
    violations.check(
      model.outputs.some((output) => output.name === name),
      `${field}.name`,
      `unexpected inference output '${name}' for model '${model.name}'`,
    );
    violations.check(
      !parameters.shared_memory_region,
      `${field}.parameters`,
      `there is no shared memory here: '${name}' comes with the answer`,
    );
    return { name, classes: classesOf(parameters, field, violations) };
  });
}

/**
 * `answers`: one for each member of the batch. Throws InvalidInput for classes of an output of no numbers, Internal for an
 * output that the model did not give.
 */
export function responseOf(
  answers: readonly OipAnswer[],
  { id, model, asked, final }: { id: string; model: OipModel; asked: readonly AskedOutput[]; final: boolean },
): inference.ModelInferResponse {
  const members = answers.map(({ outputs }) => renamed(outputs, model));
  const tensors = asked.map(({ name, classes }) => {
    const tensor = joined(
      members.map((outputs) => {
        const output = outputs.find((candidate) => candidate.name === name);
        if (!output) throw new Internal(`${model.name} gave no output '${name}'`);
        return output;
      }),
    );
    const { labels } = model;
    return classes > 0 ? classify(tensor, { count: classes, labels, batched: labels !== undefined }) : tensor;
  });
  return {
    modelName: model.name,
    modelVersion: version,
    id,
    parameters: toParameters({ ...sharedFacts(answers), ...(final && { triton_final_response: true }) }),
    outputs: tensors.map(({ name, dtype, shape }) => ({
      name,
      datatype: datatypeOf(dtype),
      shape: shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    rawOutputContents: tensors.map(({ data }) => data),
  };
}

/** Variants of one family may call a classifier's output differently. */
const renamed = (outputs: readonly common.NamedTensor[], model: OipModel): readonly NamedTensorValue[] =>
  namedTensorsFromWire(outputs).map((output, at) =>
    model.labels ? { ...output, name: model.outputs[at]?.name ?? output.name } : output,
  );

/** Along the batch. */
function joined(members: readonly NamedTensorValue[]): NamedTensorValue {
  const [first] = members as [NamedTensorValue];
  if (members.length === 1) return first;
  const data = Buffer.concat(members.map((member) => member.data));
  return { ...first, shape: [members.length, ...first.shape.slice(1)], data };
}

/** What holds for all members. */
function sharedFacts([first, ...others]: readonly OipAnswer[]): OipAnswer['facts'] {
  const facts = Object.entries(first?.facts ?? {});
  return Object.fromEntries(
    facts.filter(([name, value]) => others.every((other) => other.facts[name] === value)),
  );
}

/** An inference that failed on a stream: Triton tells its id so. */
export const failureOf = (id: string, message: string): inference.ModelStreamInferResponse => ({
  errorMessage: message,
  inferResponse: {
    modelName: '',
    modelVersion: '',
    id,
    parameters: {},
    outputs: [],
    rawOutputContents: [],
  },
});
