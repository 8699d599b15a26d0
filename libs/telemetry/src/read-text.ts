import { readFileSync } from 'node:fs';

/** Text of a small kernel file; undefined when it is missing or unreadable. */
export type ReadText = (path: string) => string | undefined;

/** Reads at once: /proc and /sys answer from memory, in microseconds. */
export const readTextFile: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** The number a file holds; undefined when there is none (`max`, for example). */
export function readNumber(readText: ReadText, path: string): number | undefined {
  const text = readText(path)?.trim();
  const value = text ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}
