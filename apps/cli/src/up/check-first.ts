import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { FailedPrecondition, makeFolder, NotFound } from '@weir/base';
import { type CellDescription, isFree } from '@weir/cell';
import { asUsage } from '../as-usage.ts';

/** Finds what would otherwise stop a half-started cell: folders that are missing or cannot be created. Throws ConfigError. */
export async function checkPaths(
  command: string,
  {
    logDir,
    stateDir,
    metricsTargets,
  }: Partial<Record<'logDir' | 'stateDir' | 'metricsTargets', string | undefined>>,
): Promise<void> {
  for (const [flag, folder] of [
    ['--log-dir', logDir],
    ['--state-dir', stateDir],
  ] as const)
    if (folder !== undefined) await asUsage(command, flag, () => makeFolder(folder));
  if (metricsTargets !== undefined)
    await asUsage(command, '--metrics-targets', () => findFolder(dirname(metricsTargets)));
}

function findFolder(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new NotFound(`there is no folder ${path}`);
}

/** Throws FailedPrecondition for an address of the description that cannot be served on. */
export async function checkPorts({
  devices,
  nodes,
  policyListen,
  telemetryListen,
}: CellDescription): Promise<void> {
  const members = [...devices, ...nodes].map(({ listen }) => listen);
  for (const address of [...members, policyListen, telemetryListen])
    if (address !== undefined && !(await isFree(address)))
      throw new FailedPrecondition(`${address} is taken, or no address of this machine`);
}
