export { type Clock, systemClock, sleep } from './clock.ts';
export { FakeClock } from './fake-clock.ts';
export { type Random, seededRandom } from './random.ts';
export { jsonInSteps } from './json-in-steps.ts';
export { finish, mapInSteps, type Steps } from './steps.ts';
export {
  type RunningMean,
  boundLevel,
  meanAtLeast,
  nothingObserved,
  observed,
  observedInPart,
  together,
} from './running-mean.ts';
export {
  type Estimate,
  type Interval,
  bootstrap,
  estimate,
  estimateOfResamples,
  interquartileMean,
  lowerMedian,
  mean,
  median,
  pairedDifference,
  percentile,
  proportion,
} from './statistics.ts';
export {
  Aborted,
  AlreadyExists,
  Cancelled,
  DeadlineExceeded,
  FailedPrecondition,
  Internal,
  InvalidInput,
  NotFound,
  PermissionDenied,
  ResourceExhausted,
  Unauthenticated,
  Unavailable,
  WeirError,
  type FieldViolation,
  type StatusName,
  type WeirErrorOptions,
} from './errors.ts';
export { Violations, maxIdLength } from './violations.ts';
export {
  type ConfigSource,
  type ConfigSpec,
  ConfigError,
  asConfigError,
  HelpRequested,
  duration,
  durationMs,
  share,
  shareExpected,
  hostPort,
  periodMs,
  splitHostPort,
  loadConfig,
} from './config.ts';
export { type Logger, createLogger, silentLogger } from './logger.ts';
export { Exit, exitByKill, runMain } from './main.ts';
export { makeFolder } from './make-folder.ts';
export { nearest } from './nearest.ts';
export { getOrAdd } from './get-or-add.ts';
export { loopUtilization, threadProcessorMs } from './processor-time.ts';
export { patientCollector, quietCollector } from './quiet-collector.ts';
export { unlessAborted } from './unless-aborted.ts';
