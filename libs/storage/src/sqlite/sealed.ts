import { crc32 } from 'node:zlib';

/** No JSON text and no name of a learner holds one. */
const mark = '\t';

/** The text with a checksum behind it. `key`: of its row; a text that turns up in another row is as bad as a damaged one. */
export const sealed = (text: string, key = ''): string => `${text}${mark}${sumOf(text, key)}`;

/**
 * What was sealed. A damaged text comes back with its seal, and is no JSON; one of a Weir that sealed nothing comes back as it
 * is.
 */
export function unsealed(stored: string, key = ''): string {
  const at = stored.lastIndexOf(mark);
  if (at < 0) return stored;
  const text = stored.slice(0, at);
  return stored.slice(at + 1) === sumOf(text, key) ? text : stored;
}

/** Whether a text that came from the store does not fit its checksum. */
export const isDamaged = (text: string): boolean => text.includes(mark);

const sumOf = (text: string, key: string): string => crc32(text, crc32(key)).toString(16);
