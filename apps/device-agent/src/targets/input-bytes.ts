import type { common } from '@weir/proto';
import { bytesOf } from '@weir/wire';

/** Bytes of a picture or of tensors on the wire, without their envelope. */
export function inputBytes({ content }: common.Input): number {
  if (content?.$case === 'tensors') return bytesOf(content.value.tensors);
  return content?.$case === 'tensor' ? content.value.data.length : (content?.value.length ?? 0);
}
