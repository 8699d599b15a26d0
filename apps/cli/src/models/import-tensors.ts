import { ConfigError } from '@weir/base';
import { importTensorModel, type TensorImportOptions } from '@weir/inference';
import { asUsage } from '../as-usage.ts';
import type { CommandContext } from '../command.ts';
import { throttled } from '../models-table.ts';
import { ms, percent } from '../words.ts';
import { stageText } from './stages.ts';

interface Flags extends Pick<
  TensorImportOptions,
  'model' | 'directory' | 'name' | 'family' | 'architecture' | 'precision' | 'macs' | 'canary' | 'runs'
> {
  readonly accuracy?: number | undefined;
  readonly measure?: string | undefined;
  readonly shape?: readonly string[] | undefined;
}

/** `weir models import --task tensor`. */
export async function importTensors(
  command: string,
  { accuracy, measure, shape = [], ...options }: Flags,
  { progress, print, out, signal }: Pick<CommandContext, 'progress' | 'print' | 'out' | 'signal'>,
): Promise<void> {
  const why = 'say what you measured: nothing here can measure the accuracy of such a model';
  const missing = Object.entries({ '--accuracy': accuracy, '--measure': measure }).flatMap(
    ([field, value]) => (value === undefined ? [{ field, description: why }] : []),
  );
  if (accuracy === undefined || measure === undefined) throw new ConfigError(command, missing);
  const shapes = shapesOf(command, shape);
  const onProgress = throttled(progress, signal);
  const onWait = () => progress(`waiting: another import into ${options.directory} is under way`);
  const imported = await asUsage(command, 'import', () =>
    importTensorModel({ ...options, accuracy, measure, shapes, onProgress, onWait, signal }),
  );
  const { variant, manifest, p50Ms } = imported;
  const list = (tensors: readonly { name: string; dtype: string; shape: readonly number[] }[]) =>
    tensors.map(({ name, dtype, shape: sizes }) => `${name} ${dtype}[${sizes.join(', ')}]`).join(', ');
  print(
    `${variant.name}: ${measure} ${percent(accuracy)} as declared, p50 ${ms(p50Ms)} on zeros; added to ${manifest}`,
  );
  if (variant.stage) print(`serves as a ${stageText(variant.stage)}`);
  print(`takes ${list(variant.inputs)}; gives ${list(variant.outputs)}`);
  out(imported);
}

/** `images=1x3x640x640` and so on. */
function shapesOf(command: string, given: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const text of given) {
    const at = text.lastIndexOf('=');
    const sizes = text
      .slice(at + 1)
      .split('x')
      .map(Number);
    if (at < 1 || !sizes.every((size) => Number.isInteger(size) && size > 0))
      throw new ConfigError(command, [
        { field: '--shape', description: `${text} is no NAME=SIZExSIZE…, e.g. images=1x3x640x640` },
      ]);
    shapes.set(text.slice(0, at), sizes);
  }
  return shapes;
}
