/**
 * The URIs among a certificate's subject alternative names, from the text that Node makes of them: `URI:a, DNS:b`, where a
 * name with a comma, quote or the like is a JSON string. Undefined when the text is not of that form.
 */
export function urisOf(subjectAltName: string): readonly string[] | undefined {
  const uris: string[] = [];
  let at = 0;
  while (at < subjectAltName.length) {
    entry.lastIndex = at;
    const match = entry.exec(subjectAltName);
    if (!match) return undefined;
    const [, kind, quoted, plain] = match;
    if (kind === 'URI') uris.push(quoted === undefined ? plain! : (JSON.parse(quoted) as string));
    at = entry.lastIndex;
  }
  return uris;
}

const entry = /([A-Za-z][A-Za-z ]*):(?:("(?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])*")|([^",]*))(?:, (?=.)|$)/gy;
