import type { RunningCell } from '@weir/cell';
import { scrapeTargets } from '@weir/cell';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeAddress, startTool } from './tool.ts';

const docker = fileURLToPath(new URL('../../../docker/', import.meta.url));

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus with the project's configuration and rules that scrapes a cell. */
export interface Prometheus extends AsyncDisposable {
  query(expression: string): Promise<Sample[]>;
  /** `up`, `down` or `unknown`, by process. */
  targets(): Promise<Record<string, string>>;
  rules(): Promise<{ name: string; health: string; query: string }[]>;
}

export async function startPrometheus(cell: RunningCell): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-prometheus-'));
  for (const file of ['prometheus.yml', 'prometheus-rules.yml']) cpSync(docker + file, join(folder, file));
  mkdirSync(join(folder, 'targets'));
  const targets = scrapeTargets(cell.description.cellId, cell.metrics);
  writeFileSync(join(folder, 'targets/cell.json'), JSON.stringify(targets));
  const address = await freeAddress();
  const tool = await startTool(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { ready: /Server is ready to receive web requests/, cwd: folder },
  );
  const ask = async <T>(path: string) => {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as { status: string; error?: string; data: T };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  };
  return {
    async query(expression) {
      const { result } = await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `query?${new URLSearchParams({ query: expression }).toString()}`,
      );
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async targets() {
      const { activeTargets } = await ask<{
        activeTargets: { labels: { weir_process: string }; health: string }[];
      }>('targets');
      return Object.fromEntries(activeTargets.map(({ labels, health }) => [labels.weir_process, health]));
    },
    async rules() {
      const { groups } = await ask<{
        groups: { rules: { name: string; health: string; query: string }[] }[];
      }>('rules');
      return groups.flatMap(({ rules }) => rules);
    },
    async [Symbol.asyncDispose]() {
      await tool[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
