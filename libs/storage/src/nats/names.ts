/**
 * An id as one token of a subject: ids may hold anything, tokens neither dots nor wildcards nor spaces. What keys of buckets
 * allow stays readable, all other bytes become `=XX`.
 */
export const tokenOf = (id: string): string =>
  [...Buffer.from(id)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');

/** The id of a token that `tokenOf` made. */
export const idOf = (token: string): string =>
  Buffer.from(
    token.replaceAll(/=([\da-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString();
