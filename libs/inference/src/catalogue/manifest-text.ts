/** A manifest as JSON; short lists, and each step of a curve, take one line, as the recipe writes them. */
export function manifestText(manifest: unknown): string {
  const text = JSON.stringify(manifest, null, 2)
    .replace(/\[[^\][{}]*\]/g, (list) => {
      const line = onOneLine(list).replace('[ ', '[').replace(' ]', ']');
      return line.length < 80 ? line : list;
    })
    .replace(/\{\s*"marginBelow"[^{}]*\}/g, onOneLine);
  return `${text}\n`;
}

const onOneLine = (block: string) => block.replace(/\n\s*/g, ' ');
