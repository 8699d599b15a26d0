import { InvalidInput } from '@weir/base';
import { defaultObjective, type DeviceHello, leastAuditShare, mostLooks, type Outcome } from '@weir/domain';
import { z } from 'zod';
import { isDamaged } from './sqlite/sealed.ts';

/** What is stored of a device, so that the journal can be learned from again before any device has come back. */
export interface StoredDevice extends DeviceHello {
  /** How early the device claimed each variant, lower first. */
  readonly variantRanks?: Readonly<Record<string, number>>;
}

const finite = z.number();
const byVariant = z.record(z.string(), finite).transform((figures) => new Map(Object.entries(figures)));
const tier = z.enum(['device', 'edge', 'cloud']);

const nodeReport = z.object({
  node: z.object({ id: z.string().min(1), tier, slots: finite.min(1), variants: z.array(z.string()) }),
  load: z.object({
    nodeId: z.string(),
    slots: finite,
    inService: finite,
    queued: finite,
    backlogMs: finite,
    meanBacklogMs: finite,
    congestionPerMs: finite,
    utilization: finite,
  }),
  services: byVariant,
  energyJ: byVariant.optional(),
  draining: z.boolean(),
  instanceId: z.string().optional(),
  familyVersion: z.string().optional(),
});

const looks = z.int().min(1).max(mostLooks);
const objectiveFields = z.object({
  accuracyFloor: finite.min(0).max(1),
  deadlineMs: finite.positive(),
  meanWeight: finite.min(0),
  tailWeight: finite.min(0),
  energyMsPerJ: finite.min(0),
  allowedTiers: z.array(tier).min(1),
  maxLooks: looks,
  auditShare: finite.min(0).max(1),
});
/** Rows of versions that knew of no second looks do not limit them; of none that knew of no audits, they are the default. */
export const objectiveSchema = objectiveFields.extend({
  maxLooks: looks.default(defaultObjective.maxLooks),
  auditShare: objectiveFields.shape.auditShare.default(defaultObjective.auditShare),
});

const storedDevice = z.object({
  deviceId: z.string().min(1),
  instanceId: z.string(),
  local: nodeReport,
  variants: z.array(
    z.object({
      name: z.string(),
      macs: finite,
      precision: z.enum(['fp32', 'int8']),
      accuracy: finite.min(0).max(1),
      checksum: z.string().optional(),
    }),
  ),
  family: z.object({ name: z.string(), version: z.string() }).optional(),
  targets: z.array(z.object({ report: nodeReport, roundTripMs: finite, reachable: z.boolean() })),
  objective: objectiveFields.partial().optional(),
  /** Rows of earlier versions have none: all their claims count as equally old. */
  variantRanks: z.record(z.string(), finite.min(0)).default({}),
});

const notNegative = finite.min(0);
const share = notNegative.max(1);

const placement = z.object({ tier, nodeId: z.string().min(1), variant: z.string().min(1) });
const outcomeSchema = z.object({
  deviceId: z.string().min(1),
  placement,
  planVersion: notNegative,
  reason: z.enum(['planned', 'explored', 'deviated', 'fallback', 'unsure', 'audit']),
  at: finite,
  hops: z.object({
    agentMs: notNegative,
    uplinkMs: notNegative,
    queueMs: notNegative,
    decodeMs: notNegative,
    computeMs: notNegative,
    downlinkMs: notNegative,
  }),
  responseMs: notNegative,
  predictedMs: notNegative,
  energyJ: notNegative,
  accuracy: share,
  margin: share,
  concurrency: notNegative,
  batchSize: z.int().min(1).optional(),
  propensity: share,
  failure: z.string().optional(),
  lookedAgain: z.boolean().optional(),
  firstLook: z.object({ placement, margin: share, agreed: z.boolean() }).optional(),
  lookAgainBelow: notNegative.optional(),
  auditProbability: share.min(leastAuditShare).optional(),
  trial: z.string().min(1).optional(),
  shadow: z.boolean().optional(),
});

/** Throws InvalidInput, naming every fault, for what is no stored device. */
export const memberFromJson = (text: string): StoredDevice =>
  storedRow(text, 'member', storedDevice) as unknown as StoredDevice;

/** Throws InvalidInput, naming every fault, for what is no outcome as the journal takes it. */
export const outcomeFromJson = (text: string): Outcome =>
  storedRow(text, 'outcome', outcomeSchema) as Outcome;

/** Reads a row of the store. Throws InvalidInput with `field: what would be good` for each fault. */
export function storedRow<T>(text: string, what: string, schema: z.ZodType<T>): T {
  if (isDamaged(text))
    throw new InvalidInput([
      { field: what, description: 'does not fit its checksum: the file of the store was damaged' },
    ]);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInput([{ field: what, description: `is not JSON: ${(cause as Error).message}` }], {
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(
    parsed.error.issues.map(({ path, message }) => ({
      field: [what, ...path].join('.'),
      description: message,
    })),
  );
}
