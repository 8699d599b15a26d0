import type { ReadText } from './read-text.ts';

/** Files that a test may change between two reads. */
export function fakeFiles(files: Record<string, string>): {
  readText: ReadText;
  files: Record<string, string>;
} {
  return { files, readText: (path) => files[path] };
}
