import { readFileSync } from 'node:fs';
import { InvalidInput, hostPort } from '@weir/base';
import { defaultObjective, mostLooks } from '@weir/domain';
import { linkProfiles } from '@weir/link';
import { targetFromText } from '@weir/wire';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

const id = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'expected 1 to 128 letters, digits, "_", "." and "-"');
const variants = z.array(z.string()).default([]);
const tier = z.enum(['device', 'edge', 'cloud']);

/** One link, emulated by a relay; the same both ways. */
const link = z.strictObject({
  /** One way, ms. */
  delayMs: z.number().min(0).max(60_000),
  bitsPerSecond: z.number().positive(),
});

/** One device's links to the nodes of each remote tier. */
const linkProfile = z.strictObject({ edge: link, cloud: link });

/** A remote node: an edge box or a share of the cloud. */
const node = z.strictObject({
  id,
  tier: tier.exclude(['device']),
  /** Inferences at once. */
  slots: z.int().min(1).max(64),
  /** Most inferences of one variant that run together; 1: none. */
  maxBatch: z.int().min(1).max(64).default(1),
  /** Slowdown factor of the emulated processor against the reference machine; 0: this machine as it is. */
  dilationFactor: z.number().min(0),
  /** Empty: the whole family. */
  variants,
  listen: hostPort().optional(),
  /** What the agents speak to it: Weir's own, or the Open Inference Protocol. */
  protocol: z.enum(['weir', 'oip']).default('weir'),
});

/** A server that runs already, as the agents' --targets name it. */
const target = z.string().superRefine((text, context) => {
  const read = targetFromText(text);
  if ('fault' in read) context.addIssue({ code: 'custom', message: read.fault });
});

const device = z.strictObject({
  id,
  /** As of a node. */
  dilationFactor: z.number().min(0),
  links: z.enum(['regular', 'weak']).default('regular'),
  variants,
  listen: hostPort().optional(),
});

const objective = z.strictObject({
  accuracyFloor: z.number().min(0).max(1).default(0),
  deadlineMs: z.number().positive().default(10_000),
  meanWeight: z.number().min(0).default(1),
  tailWeight: z.number().min(0).default(0),
  energyMsPerJ: z.number().min(0).default(0),
  allowedTiers: z.array(tier).min(1).default(['device', 'edge', 'cloud']),
  maxLooks: z.int().min(1).max(mostLooks).default(mostLooks),
  auditShare: z.number().min(0).max(1).default(defaultObjective.auditShare),
});

const profiles = z.strictObject({ regular: linkProfile, weak: linkProfile });

const schema = z
  .strictObject({
    cellId: id.default('cell-1'),
    /** Name of a learner, e.g. "planner" or "edge-only", or the path of a file that holds one, e.g. "./mine.ts". */
    learner: z.string().min(1).default('planner'),
    objective: objective.prefault({}),
    nodes: z.array(node).max(16),
    /** Servers that the cell does not start, reached without an emulated link. */
    targets: z.array(target).max(16).default([]),
    devices: z.array(device).min(1).max(64),
    /** What `regular` and `weak` mean. */
    links: profiles.default(() => linkProfiles),
    /** Folder of a model family; absent: the embedded one. */
    models: z.string().optional(),
    /** Seed of all randomness. */
    seed: z.int().min(0).default(1),
    telemetryListen: hostPort().optional(),
    policyListen: hostPort().optional(),
  })
  .check(({ value, issues }) => {
    const ids = [...value.nodes, ...value.devices].map((member) => member.id);
    for (const text of value.targets) ids.push(text.split('=', 1)[0]!);
    for (const reserved of ['telemetry', 'policy', 'links']) ids.push(reserved);
    const twice = ids.find((name, index) => ids.indexOf(name) !== index);
    if (twice !== undefined)
      issues.push({
        code: 'custom',
        input: value,
        path: ['devices'],
        message: `the id ${twice} is used twice`,
      });
  });

/** A cell: its nodes, its devices, the links between them, and what it is to achieve. */
export type CellDescription = Readonly<z.output<typeof schema>>;
export type CellDescriptionInput = z.input<typeof schema>;
export type LinkDescription = Readonly<z.output<typeof link>>;

/** Checks a description and fills in the defaults. Throws InvalidInput with every fault. */
export function describeCell(input: CellDescriptionInput): CellDescription {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(
    parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.') || 'cell',
      description: message,
    })),
  );
}

/** Reads a description from a YAML or JSON file. Throws InvalidInput when it is unreadable or wrong. */
export function readCellDescription(path: string): CellDescription {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new InvalidInput([{ field: path, description: (cause as Error).message }], { cause });
  }
  try {
    return describeCell((content ?? {}) as CellDescriptionInput);
  } catch (cause) {
    if (!(cause instanceof InvalidInput)) throw cause;
    const violations = cause.violations.map(({ field, description }) => ({
      field: `${path}: ${field}`,
      description,
    }));
    throw new InvalidInput(violations, { cause });
  }
}
