import { maxIdLength } from '@weir/base';
import { maxTensorBytes } from '@weir/domain';

/**
 * The most that another process may claim. Far beyond anything sensible, yet small enough that one absurd figure ruins
 * no mean and one large message holds up no thread.
 */
export const limits = {
  /** Characters of a name: cells, devices, nodes, variants, requests. */
  idLength: maxIdLength,
  ledgerIdLength: 256,
  /** Characters of the name of a class. */
  labelLength: 256,
  /** Characters of HOST:PORT. */
  addressLength: 300,
  /** A day. No wait, hop, deadline or prediction is longer, ms. */
  ms: 86_400_000,
  /** How long an epoch may wait for its outcomes: the cell plans nothing else meanwhile, ms. */
  settleMs: 600_000,
  /** A year: what an outcome may have waited for its policy, and the longest lease, ms. */
  ageMs: 365 * 86_400_000,
  /** Things at one node at once: slots, inferences in service, queued. */
  count: 1_000_000,
  /** Inferences computed together. */
  batch: 1_024,
  /** Frames per second, or inferences per ms. */
  rate: 1e9,
  /** Of one inference, J. */
  energyJ: 1e9,
  /** Of all inferences since a node started, J. */
  totalEnergyJ: 1e15,
  powerW: 1e9,
  macs: 1e18,
  /** Weights and prices of an objective. */
  weight: 1e9,
  /** Accuracy balance, frames × accuracy. */
  balance: 1e12,
  /** Squared coefficient of variation. */
  variability: 1e9,
  bytes: 2 ** 60,
  bitsPerSecond: 1e15,
  cpuCount: 1e6,
  imageBytes: 4 * 1024 * 1024,
  tensorBytes: maxTensorBytes,
  /** A learner's snapshot, sent in parts. */
  snapshotBytes: 256 * 1024 * 1024,
  pingBytes: 256 * 1024,
  tensorDimensions: 8,
  /** Inputs or outputs of one inference. */
  tensors: 64,
  /** Characters of the name of an input or output. */
  nameLength: 256,
  /** Entries of lists. */
  outcomes: 10_000,
  truths: 1_000,
  /** Decisions that an agent remembers. */
  decisions: 64,
  /** Actions that are told of one of them. */
  tracedActions: 64,
  /** All of them together, about. */
  decisionTraceBytes: 2 * 1024 * 1024,
  variants: 256,
  services: 256,
  targets: 256,
  links: 256,
  tiers: 16,
  objectiveFields: 32,
  /** Pairs of variants of which a device says what a second look buys. */
  lookCurves: 128,
  lookSteps: 25,
  /** Factor by which pictures may differ from those that a curve was measured on. */
  correction: 1_000,
  /**
   * Services of all targets of one device together, its choices for a frame. Planning time grows with them: 250 targets ×
   * 256 variants kept the service from its other cells for 13.8 s.
   */
  choices: 2_048,
  /** Faults named of one refused outcome. */
  faults: 8,
  /** Of what a device's agent tells of itself: places and reasons of frames, frames one by one, and their failed attempts. */
  answeredFrames: 256,
  newestFrames: 8,
  failedAttempts: 8,
  /** The same as part of a report: entries of a list, characters of a text, and bytes of all, about. */
  reportedTargets: 64,
  reportedFaults: 32,
  reportedCertificates: 8,
  reportedText: 300,
  agentReportBytes: 256 * 1024,
} as const;
