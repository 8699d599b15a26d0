import { FailedPrecondition, InvalidInput, WeirError } from '@weir/base';
import type { VariantEntry } from '@weir/inference';

/**
 * What a failed inference means for its frame, and whether the server may no longer have the model or may have another one.
 * An input that the device has made of a picture is refused for no fault of whoever sent it.
 */
export function callFailure(
  error: unknown,
  { nodeId, variant }: { readonly nodeId: string; readonly variant: VariantEntry },
): { readonly error: unknown; readonly doubtful: boolean } {
  if (!(error instanceof InvalidInput))
    return {
      error,
      doubtful: error instanceof WeirError && ['NOT_FOUND', 'FAILED_PRECONDITION'].includes(error.status),
    };
  const why = error.violations.map(({ description }) => description).join('; ');
  if (variant.task === 'tensor') {
    const description = `${nodeId} refuses them: ${why}`;
    const refused = new InvalidInput([{ field: 'input.tensors', description }], { cause: error });
    return { error: refused, doubtful: false };
  }
  const message = `${nodeId} refuses the input of ${variant.name}: ${why}`;
  const refused = new FailedPrecondition(message, { reason: 'INPUT_REFUSED', cause: error });
  return { error: refused, doubtful: true };
}
