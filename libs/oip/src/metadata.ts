import type { TensorSpec } from '@weir/domain';
import { inference } from '@weir/proto';
import packageFile from '../package.json' with { type: 'json' };
import { datatypeOf, datatypes } from './datatypes.ts';
import { mostMembers, type OipModel, version } from './model.ts';

/** What Weir has of the protocol's extensions. */
const extensions = ['classification', 'model_configuration', 'parameters', 'statistics'];

export const serverMetadata = (name: string): inference.ServerMetadataResponse => ({
  name,
  version: packageFile.version,
  extensions,
});

export const modelMetadata = ({
  name,
  platform,
  inputs,
  outputs,
  labels,
}: OipModel): inference.ModelMetadataResponse => ({
  name,
  versions: [version],
  platform,
  inputs: inputs.map((spec) => tensorMetadata(spec, labels !== undefined)),
  outputs: outputs.map((spec) => tensorMetadata(spec, labels !== undefined)),
});

const tensorMetadata = ({ name, dtype, shape }: TensorSpec, batched: boolean) => ({
  name,
  datatype: datatypeOf(dtype),
  shape: (batched ? [-1, ...shape.slice(1)] : shape).map(BigInt),
});

/** With a batch, dimensions go without it, as Triton has it. */
const maxBatchSize = ({ labels }: OipModel): number => (labels ? mostMembers : 0);

export function modelConfig(model: OipModel): inference.ModelConfig {
  const { name, platform, inputs, outputs, layout, instances } = model;
  const dims = ({ shape }: TensorSpec) => shape.slice(maxBatchSize(model) > 0 ? 1 : 0).map(BigInt);
  return {
    name,
    platform,
    backend: 'onnxruntime',
    versionPolicy: { policyChoice: { $case: 'latest', value: { numVersions: 1 } } },
    maxBatchSize: maxBatchSize(model),
    input: inputs.map((input) => ({
      name: input.name,
      dataType: datatypes[datatypeOf(input.dtype)].config,
      format: formats[layout ?? 'none'],
      dims: dims(input),
    })),
    output: outputs.map((output) => ({
      name: output.name,
      dataType: datatypes[datatypeOf(output.dtype)].config,
      dims: dims(output),
      labelFilename: '',
    })),
    instanceGroup: [{ name, kind: inference.ModelInstanceGroup_Kind.CPU, count: instances }],
    defaultModelFilename: '',
    parameters: Object.fromEntries(
      Object.entries(model.parameters).map(([key, stringValue]) => [key, { stringValue }]),
    ),
  };
}

const { ModelInput_Format: Format } = inference;
const formats = { NCHW: Format.NCHW, NHWC: Format.NHWC, none: Format.NONE };

export const repositoryIndex = (
  models: readonly OipModel[],
  { ready }: Pick<inference.RepositoryIndexRequest, 'ready'>,
): inference.RepositoryIndexResponse => ({
  models: models
    .filter(({ obstacle }) => !ready || obstacle === undefined)
    .map(({ name, obstacle, note = '' }) => ({
      name,
      version,
      state: obstacle === undefined ? 'READY' : 'UNAVAILABLE',
      reason: obstacle ?? note,
    })),
});
