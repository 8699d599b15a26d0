import { hostPort } from '@weir/base';
import type { Tier } from '@weir/domain';

/** A remote node that frames may run on, as people name it. */
export interface TargetAddress {
  readonly nodeId: string;
  readonly tier: Tier;
  readonly address: string;
  /** A server of the Open Inference Protocol; absent: a worker of Weir's. */
  readonly oip?: OipServing;
}

/** What is known of a server that cannot tell it itself. */
export interface OipServing {
  /** Its model for each variant; absent: they have the variants' own names. */
  readonly models?: ReadonlyMap<string, OipModelName>;
  /** Inferences at once; absent: as it says itself, or 1. */
  readonly slots?: number;
}

export interface OipModelName {
  readonly name: string;
  /** Empty: the server chooses. */
  readonly version: string;
}

/** How a target is written, for messages. */
export const targetSyntax =
  'NODE=edge@HOST:PORT or NODE=cloud@HOST:PORT, and of an OIP server ;protocol=oip;models=VARIANT:MODEL[/VERSION],…;slots=N after it';

const mostSlots = 1_024;
const mostModels = 256;

/** Reads `cloud-1=cloud@HOST:PORT;protocol=oip;models=0.50-int8:small,1.00-fp32:large/2;slots=4`, or says what is wrong. */
export function targetFromText(text: string): TargetAddress | { readonly fault: string } {
  const [node = '', ...options] = text.split(';').map((part) => part.trim());
  const match = /^([\w.:-]{1,128})=(edge|cloud)@(.+)$/.exec(node);
  if (!match || !hostPort().safeParse(match[3]).success)
    return { fault: `expected ${targetSyntax}, got ${text}` };
  const target = { nodeId: match[1]!, tier: match[2] as Tier, address: match[3]! };
  const given = new Map<string, string>();
  for (const option of options) {
    const at = option.indexOf('=');
    const key = option.slice(0, Math.max(0, at));
    if (!['protocol', 'models', 'slots'].includes(key) || given.has(key))
      return { fault: `${target.nodeId}: expected protocol=, models= and slots=, each once, got ${option}` };
    given.set(key, option.slice(at + 1));
  }
  const protocol = given.get('protocol') ?? 'weir';
  if (protocol !== 'oip' && protocol !== 'weir')
    return { fault: `${target.nodeId}: expected protocol=oip or protocol=weir, got ${protocol}` };
  if (protocol === 'weir')
    return given.has('models') || given.has('slots')
      ? { fault: `${target.nodeId}: models= and slots= need protocol=oip: Weir's workers tell theirs` }
      : target;

  const [models, slots] = [given.get('models'), given.get('slots')];
  const named = models === undefined ? undefined : modelsFromText(models);
  if (named && 'fault' in named) return { fault: `${target.nodeId}: ${named.fault}` };
  const count = Number(slots ?? 1);
  if (!Number.isInteger(count) || count < 1 || count > mostSlots)
    return { fault: `${target.nodeId}: expected slots=1..${mostSlots}, got ${slots}` };
  return {
    ...target,
    oip: { ...(named && { models: named }), ...(slots !== undefined && { slots: count }) },
  };
}

function modelsFromText(text: string): ReadonlyMap<string, OipModelName> | { readonly fault: string } {
  const models = new Map<string, OipModelName>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    const match = /^([\w.-]{1,128}):([^\s/]{1,256})(?:\/([^\s/]{1,64}))?$/.exec(entry);
    if (!match) return { fault: `expected models=VARIANT:MODEL or VARIANT:MODEL/VERSION, got ${entry}` };
    const [, variant, name, version = ''] = match as unknown as [string, string, string, string?];
    if (models.has(variant)) return { fault: `${variant} is mapped twice` };
    models.set(variant, { name, version });
  }
  if (models.size > mostModels) return { fault: `expected at most ${mostModels} models` };
  return models;
}

/** Targets of a list that was split at every comma, those between models included. */
export function joinTargets(parts: readonly string[]): readonly string[] {
  const targets: string[] = [];
  for (const part of parts) {
    const isModel = targets.length > 0 && /^[\w.-]+:/.test(part) && !/=(edge|cloud|device)@/.test(part);
    if (isModel) targets[targets.length - 1] += `,${part}`;
    else targets.push(part);
  }
  return targets;
}
