import { fileURLToPath } from 'node:url';
import type { CellDescription } from './description.ts';
import type { ProcessSpec } from './supervised-process.ts';

/** What every process of a cell is started with. */
export interface Environment {
  readonly cell: CellDescription;
  readonly logLevel: string;
  /** Folder of PolicyService's state. */
  readonly stateDir: string;
  /** HOST:PORT of each process's Prometheus endpoint, by its name; empty without metrics. */
  readonly metrics: ReadonlyMap<string, string>;
}

/** Resolves an app's program by its package's `./main`: a library must not import an app. */
const programOf = (app: string) => fileURLToPath(import.meta.resolve(`@weir/${app}/main`));

/** Turns keys into flags; drops what is undefined or empty. */
function flags(values: Readonly<Record<string, string | number | readonly string[] | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
    return text === '' ? [] : [`--${name}`, text];
  });
}

const spec = (
  name: string,
  app: string,
  listen: string | undefined,
  values: Parameters<typeof flags>[0],
): ProcessSpec => ({
  name,
  main: programOf(app),
  argv: (address) => flags({ listen: address, ...values }),
  ...(listen === undefined ? {} : { listen }),
});

export function telemetryProgram({ cell, logLevel, metrics }: Environment): ProcessSpec {
  return spec('telemetry', 'telemetry-service', cell.telemetryListen, {
    'log-level': logLevel,
    metrics: metrics.get('telemetry'),
  });
}

/** Learner and objective are set by RPC once it serves: that survives restarts and overrides its stored state. */
export function policyProgram({ cell, logLevel, stateDir, metrics }: Environment): ProcessSpec {
  return spec('policy', 'policy-service', cell.policyListen, {
    'log-level': logLevel,
    metrics: metrics.get('policy'),
    data: stateDir,
    // One of a file can be chosen at run time only when the service was started with it.
    learner: cell.learner,
    seed: cell.seed,
  });
}

export function workerProgram(
  node: CellDescription['nodes'][number],
  { cell, logLevel, metrics }: Environment,
  { telemetry }: { telemetry: string },
): ProcessSpec {
  return spec(node.id, 'inference-worker', node.listen, {
    'log-level': logLevel,
    metrics: metrics.get(node.id),
    'cell-id': cell.cellId,
    'node-id': node.id,
    tier: node.tier,
    slots: node.slots,
    'max-batch': node.maxBatch,
    'dilation-factor': node.dilationFactor,
    variants: node.variants,
    models: cell.models,
    'grace-ms': 3_000,
    telemetry,
    // Agents reach it over their own links alone.
    advertise: 'none',
  });
}

/** A device has other things to keep in memory than some 25 MB of garbage. */
const smallNursery = ['--max-semi-space-size=4'];

/** `targets`: the remote nodes at the addresses of this device's links. */
export function agentProgram(
  device: CellDescription['devices'][number],
  { cell, logLevel, metrics }: Environment,
  { telemetry, policy, targets }: { telemetry: string; policy: string; targets: ReadonlyMap<string, string> },
): ProcessSpec {
  const program = spec(device.id, 'device-agent', device.listen, {
    'log-level': logLevel,
    metrics: metrics.get(device.id),
    'cell-id': cell.cellId,
    'device-id': device.id,
    'dilation-factor': device.dilationFactor,
    'local-variants': device.variants,
    targets: [
      ...cell.nodes.map(({ id, tier, protocol }) => `${id}=${tier}@${targets.get(id)};protocol=${protocol}`),
      ...cell.targets,
    ],
    models: cell.models,
    // Independent randomness for each device.
    seed: cell.seed + 1 + cell.devices.indexOf(device),
    'grace-ms': 3_000,
    telemetry,
    policy,
  });
  return { ...program, nodeFlags: smallNursery };
}

/** `listen`: where the page is served. */
export function consoleProgram(
  listen: string | undefined,
  { cellId, ...addresses }: { cellId: string; policy: string; telemetry: string; agents: readonly string[] },
): ProcessSpec {
  return spec('console', 'console', listen, { 'cell-id': cellId, ...addresses });
}
