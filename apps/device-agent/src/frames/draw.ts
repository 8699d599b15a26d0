import type { common } from '@weir/proto';
import { createHash } from 'node:crypto';

/** Bytes of a hash that make a number: as many bits as it holds exactly. */
const bytes = 6;

/**
 * Where an input falls in [0, 1) among those that a canary shares: the same input always at the same place, another canary's
 * places being others.
 */
export function drawOf({ content }: common.Input, canary: string): number {
  const hash = createHash('sha1').update(canary).update('\n');
  if (content?.$case === 'tensors')
    for (const { name, tensor } of content.value.tensors) hash.update(`${name}\n`).update(tensor?.data ?? '');
  else if (content) hash.update(content.$case === 'tensor' ? content.value.data : content.value);
  return hash.digest().readUIntBE(0, bytes) / 2 ** (8 * bytes);
}
