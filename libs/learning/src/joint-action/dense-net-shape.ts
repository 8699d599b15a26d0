import type { DenseNetState } from './dense-net.ts';

/** What keeps a saved network from fitting one of the given shape, or undefined. */
export function netFault(saved: DenseNetState, shape: DenseNetState): string | undefined {
  for (const part of ['layers', 'first', 'second'] as const) {
    if (saved[part].length !== shape[part].length) return `network has ${saved[part].length} layers`;
    for (const [l, layer] of saved[part].entries()) {
      const wanted = shape[part][l]!.length;
      if (layer.length !== wanted)
        return `network layer ${l} has ${layer.length} weights instead of ${wanted}`;
    }
  }
  return undefined;
}
