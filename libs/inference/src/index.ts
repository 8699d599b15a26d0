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
export { type IdleChecks, type IdleChecksOptions, startIdleChecks } from './idle-checks.ts';
export { medianRunMs } from './median-run.ts';
export { type Load } from './slot-pool.ts';
export { type LabelledPicture, type Sample, loadSamples, readLabelledPictures } from './labelled-pictures.ts';
export { type MeasuredAccuracy, type Progress, measureAccuracy } from './measure-accuracy.ts';
export { type Latency, benchmark } from './benchmark.ts';
export { type ModelRow, listModels } from './list-models.ts';
export { type Verification, type VerifiedVariant, verifyFamily } from './verify.ts';
export { type ModelHints } from './inspect-model.ts';
export { type Imported, type ImportOptions, importModel } from './import-model.ts';
