import { InvalidInput } from '@weir/base';
import type { DeviceHello } from '@weir/domain';
import { z } from 'zod';
import type { Member } from '../cell/members.ts';

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
});

export const objectiveSchema = z.object({
  accuracyFloor: finite.min(0).max(1),
  deadlineMs: finite.positive(),
  meanWeight: finite.min(0),
  tailWeight: finite.min(0),
  energyMsPerJ: finite.min(0),
  allowedTiers: z.array(tier).min(1),
});

const deviceHello = z.object({
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
});

/** What is stored of a member, so that the journal can be learned from again before any device has come back. */
export function memberToJson({ hello, local, targets }: Member): string {
  return JSON.stringify({ ...hello, local, targets } satisfies DeviceHello, (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, number>) : value,
  );
}

/** Throws InvalidInput, naming every fault, for what `memberToJson` did not write. */
export const memberFromJson = (text: string): DeviceHello =>
  storedRow(text, 'member', deviceHello) as unknown as DeviceHello;

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
