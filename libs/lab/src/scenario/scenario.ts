import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInput, NotFound } from '@weir/base';
import { isLearnerFile } from '@weir/learning';
import { parse as parseYaml } from 'yaml';
import { type Scenario, scenarioSchema } from './scenario-schema.ts';

const shippedFolder = fileURLToPath(new URL('../../experiments', import.meta.url));

/** Names of the experiments that come with Weir. */
export const shippedScenarios = (): string[] =>
  readdirSync(shippedFolder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();

/** Checks a scenario and fills in what is left out. Throws InvalidInput with every fault. */
export function parseScenario(input: unknown, folder = process.cwd()): Scenario {
  const parsed = scenarioSchema.safeParse(input);
  if (!parsed.success)
    throw new InvalidInput(
      parsed.error.issues.map(({ path, message }) => ({
        field: path.join('.') || 'scenario',
        description: message,
      })),
    );
  const { cell, links, learners, transfer } = parsed.data;
  const located = (each: string) => (isLearnerFile(each) ? resolve(folder, each) : each);
  return {
    ...parsed.data,
    learners: learners.map(located),
    ...(transfer && { transfer: { ...transfer, learner: located(transfer.learner) } }),
    cell: 'file' in cell ? { file: resolve(folder, cell.file) } : cell,
    ...(links && { links: { ...links, trace: resolve(folder, links.trace) } }),
  };
}

/**
 * Reads a scenario: a YAML or JSON file, or one that comes with Weir by its name. Throws NotFound, naming those that
 * there are, and InvalidInput.
 */
export function readScenario(nameOrPath: string): Scenario {
  const shipped = join(shippedFolder, `${nameOrPath}.yaml`);
  const path = /^[\w.-]+$/.test(nameOrPath) && existsSync(shipped) ? shipped : resolve(nameOrPath);
  if (!existsSync(path))
    throw new NotFound(
      `no scenario file ${nameOrPath}; these come with Weir by their names: ${shippedScenarios().join(', ')}`,
    );
  let content: unknown;
  try {
    content = parseYaml(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new InvalidInput([{ field: path, description: (cause as Error).message }], { cause });
  }
  return parseScenario(content, dirname(path));
}
