export {
  type Family,
  type InputSpec,
  type Manifest,
  type VariantEntry,
  embeddedFamilyDirectory,
  loadFamily,
  variantNamed,
  verifyChecksums,
} from './manifest.ts';
export { type InferenceInput, MAX_IMAGE_BYTES, MAX_PIXELS } from './image.ts';
export { type Prediction } from './probabilities.ts';
export {
  type Dilation,
  type Runner,
  type RunnerOptions,
  type RunRequest,
  type RunResult,
  startRunner,
} from './runner.ts';
export { type Load } from './slot-pool.ts';
