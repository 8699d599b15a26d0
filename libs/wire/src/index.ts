export { agentReportToWire } from './agent-report.ts';
export { cellSummaryToWire } from './cell-summary.ts';
export { type SnapshotVersion, snapshotVersionToWire, versionFromWire } from './snapshot-version.ts';
export { stateFromWire, stateToWire } from './agent-state.ts';
export { checkDecisionTrace } from './decision-trace.ts';
export { directiveFromWire, directiveToWire } from './directive.ts';
export {
  advertisedAddressFault,
  discoveredTargetsFromWire,
  discoveredTargetsToWire,
  everyCell,
  isAnyHost,
} from './discovered-targets.ts';
export { type PlannedEpoch, checkEpochRequest, epochToWire } from './epoch.ts';
export { type CellHello, firstFromWire, helloFromWire, helloToWire } from './hello.ts';
export { hopsFromWire, hopsToWire, noHops } from './hops.ts';
export { checkIds } from './ids.ts';
export {
  type InferenceWork,
  checkInferRequest,
  checkPing,
  inferenceFromWire,
  isUsableId,
} from './infer-request.ts';
export { checkSendable, type InferenceInput, inputFromWire, inWireFields } from './input.ts';
export { type AnswerFigures, answerFiguresFromWire, peerMsFromWire } from './infer-answer.ts';
export { type Received, tellOnce } from './left-out.ts';
export { limits } from './limits.ts';
export { livenessFromWire } from './liveness.ts';
export { nodeReportReader, nodeToWire } from './node-load.ts';
export { checkReport, nodeStateToWire } from './node-report.ts';
export { objectiveFromWire, objectiveToWire } from './objective.ts';
export { ackToWire, outcomesFromWire, outcomeToWire } from './outcome.ts';
export { placementFromWire, placementToWire } from './placement.ts';
export { reasonFromWire, reasonName, reasonToWire } from './reason.ts';
export { responseBucketOf, responseBuckets, responsePercentile } from './response-buckets.ts';
export { type Snapshot, snapshotFromWire, snapshotToWire } from './snapshot.ts';
export { statusToWire } from './status.ts';
export {
  joinTargets,
  type OipModelName,
  type OipServing,
  type TargetAddress,
  targetFromText,
  targetSyntax,
} from './target-address.ts';
export { tierFromWire, tierName, tierToWire } from './tier.ts';
export { bytesOf, namedTensorsFromWire, namedTensorToWire } from './tensors.ts';
export { truthsToWire } from './truths.ts';
export { type Listing, listingFromWire, type ServedVariant, servedVariantToWire } from './variant.ts';
