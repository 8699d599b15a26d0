import Table from 'cli-table3';
import { expectedAccuracy, type ModelRow } from '@weir/inference';
import { stageText } from './models/stages.ts';
import { ms, percent } from './words.ts';

/** A family's variants for people. `measured`: accuracy on this machine, beside the manifest's. */
export function modelsTable(
  rows: readonly (ModelRow & {
    readonly measured?: { readonly top1: number; readonly n: number } | undefined;
  })[],
): string {
  const verified = rows.some(({ measured }) => measured);
  const table = new Table({
    head: [
      'variant',
      'precision',
      'width',
      'MMACs',
      'kB',
      'accuracy',
      ...(verified ? ['measured'] : []),
      'p50',
      'p95',
      '',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const { name, precision, width, macs, bytes, accuracy, measured, p50Ms, p95Ms, dominatedBy, stage } = row;
    const measure = 'measure' in accuracy ? ` (${accuracy.measure})` : '';
    table.push([
      name,
      precision,
      width ?? '–',
      macs === undefined ? '–' : (macs / 1e6).toFixed(1),
      Math.round(bytes / 1_000),
      percent(expectedAccuracy(row)) + measure,
      ...(verified ? [measured ? `${percent(measured.top1)} of ${measured.n}` : '–'] : []),
      ms(p50Ms),
      ms(p95Ms),
      [
        ...(stage ? [stageText(stage)] : []),
        ...(dominatedBy === undefined ? [] : [`${dominatedBy} is better`]),
      ].join('; '),
    ]);
  }
  return table.toString();
}

/** Reports progress, at most once a second. */
export function throttled(progress: (text: string) => void, signal: AbortSignal) {
  let toldAt = -Infinity;
  return ({ task, done, total }: { task: string; done: number; total: number }) => {
    signal.throwIfAborted();
    const now = performance.now();
    if (now - toldAt < 1_000 && done < total) return;
    toldAt = now;
    progress(`${task}: ${done} of ${total}`);
  };
}
