import { InvalidInput } from '@weir/base';
import { z } from 'zod';
import type { Member, StoredDevice } from '../cell/members.ts';

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
});

export const objectiveSchema = z.object({
  accuracyFloor: finite.min(0).max(1),
  deadlineMs: finite.positive(),
  meanWeight: finite.min(0),
  tailWeight: finite.min(0),
  energyMsPerJ: finite.min(0),
  allowedTiers: z.array(tier).min(1),
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
    }),
  ),
  targets: z.array(z.object({ report: nodeReport, roundTripMs: finite, reachable: z.boolean() })),
  objective: objectiveSchema.partial().optional(),
  /** Rows of earlier versions have none: all their claims count as equally old. */
  variantRanks: z.record(z.string(), finite.min(0)).default({}),
});

/** What is stored of a member, so that the journal can be learned from again before any device has come back. */
export function memberToJson({ hello, local, targets, variantRanks }: Member): string {
  return JSON.stringify(
    { ...hello, local, targets, variantRanks } satisfies StoredDevice,
    (_key, value: unknown) =>
      value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, number>) : value,
  );
}

/** Throws InvalidInput, naming every fault, for what `memberToJson` did not write. */
export const memberFromJson = (text: string): StoredDevice =>
  storedRow(text, 'member', storedDevice) as unknown as StoredDevice;

/** Reads a row of the store. Throws InvalidInput with `field: what would be good` for each fault. */
export function storedRow<T>(text: string, what: string, schema: z.ZodType<T>): T {
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
