import { InvalidInput, maxIdLength } from '@weir/base';
import { basename } from 'node:path';

/** @throws InvalidInput for a name that no manifest takes */
export function variantNameOf({
  name,
  model,
}: {
  readonly name?: string | undefined;
  /** The ONNX file: its name where there is no other. */
  readonly model: string;
}): string {
  const chosen =
    name ??
    basename(model)
      .replace(/\.onnx$/i, '')
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[.-]+|-+$/g, '');
  if (/^\w[\w.-]*$/.test(chosen) && chosen.length <= maxIdLength) return chosen;
  throw new InvalidInput([
    {
      field: 'name',
      description: `${chosen} must be 1..${maxIdLength} letters, digits, ".", "_" and "-", the first no "." or "-"`,
    },
  ]);
}
