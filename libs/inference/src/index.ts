export {
  type Classifier,
  type Family,
  type InputSpec,
  type Manifest,
  type Task,
  type TensorModel,
  type VariantEntry,
  classifierNamed,
  embeddedFamilyDirectory,
  expectedAccuracy,
  loadFamily,
  variantNamed,
  verifyChecksums,
} from './catalogue/manifest.ts';
export { canariesOf, inService, meantBy, type Stage } from './catalogue/stages.ts';
export {
  type CanaryWish,
  type ChangedFamily,
  changeStages,
  pinning,
  promotion,
  retirement,
  type StageChange,
  type StagedVariant,
} from './catalogue/change-stages.ts';
export { type IdentifiedFamily, identityOf } from './catalogue/identity.ts';
export { interfaceOf, type ModelInterface } from './catalogue/model-interface.ts';
export { type BatchCurve } from './serving/batch-curve.ts';
export { type InferenceInput, modelInput, zeroInput, zeroTensors } from './serving/inference-input.ts';
export { LoadMeter } from './serving/load-meter.ts';
export { classifiedElsewhere } from './serving/answer-from-elsewhere.ts';
export { createPreprocessor, type Preprocessor } from './serving/preprocessor.ts';
export { MAX_IMAGE_BYTES, MAX_PIXELS } from './serving/picture-limits.ts';
export { noPrediction, type Prediction } from './serving/probabilities.ts';
export { type Dilation } from './serving/hold-times.ts';
export {
  type Runner,
  type RunnerOptions,
  type RunRequest,
  type RunResult,
  startRunner,
} from './serving/runner.ts';
export { type RenewableRunner, renewableRunner } from './serving/renewable-runner.ts';
export { type WatchOptions, watchFamily } from './catalogue/watch-family.ts';
export { type IdleChecks, type IdleChecksOptions, startIdleChecks } from './serving/idle-checks.ts';
export { medianRunMs } from './serving/median-run.ts';
export { type Load } from './serving/slot-pool.ts';
export {
  type DataSet,
  type LabelledFile,
  type LabelledPicture,
  readLabelledPictures,
} from './catalogue/labelled-pictures.ts';
export { type Sample, loadSamples } from './catalogue/samples.ts';
export { palePicture } from './catalogue/pale-picture.ts';
export { type MeasuredAccuracy, type Progress, measureAccuracy } from './catalogue/measure-accuracy.ts';
export { type Latency, measureLatency } from './catalogue/measure-latency.ts';
export { type ModelRow, listModels } from './catalogue/list-models.ts';
export { type Verification, type VerifiedVariant, verifyFamily } from './catalogue/verify.ts';
export { type CurvesCheck, type StepCheck } from './looks/check-curves.ts';
export { LEAST_PICTURES } from './looks/estimate-curves.ts';
export { type ModelHints } from './catalogue/inspect-model.ts';
export {
  type ImportedTensorModel,
  type TensorImportOptions,
  importTensorModel,
} from './catalogue/import-tensor-model.ts';
export { type Imported, type ImportOptions, importModel } from './catalogue/import-model.ts';
