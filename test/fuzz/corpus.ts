import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Inputs that once failed or lead far into the code, a folder for each kind: they come first in every run. Those of an RPC
 * hold the messages of one call, each after its length (4 bytes, big-endian).
 */
const root = join(import.meta.dirname, 'corpus');

/** Of one kind, by the names of the files. */
export function corpusOf(kind: string): readonly Buffer[] {
  const folder = folderOf(kind);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
}

/** Keeps one that has failed; returns the file, relative to the repository. */
export function keep(kind: string, input: Uint8Array): string {
  const folder = folderOf(kind);
  mkdirSync(folder, { recursive: true });
  const name = createHash('sha256').update(input).digest('hex').slice(0, 12);
  writeFileSync(join(folder, name), input);
  return join('test/fuzz/corpus', nameOf(kind), name);
}

export const framed = (messages: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(message.length);
      return [length, message];
    }),
  );

export function unframed(input: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < input.length;) {
    const end = at + 4 + input.readUInt32BE(at);
    messages.push(input.subarray(at + 4, end));
    at = end;
  }
  return messages;
}

const nameOf = (kind: string) => kind.replace('/', '.');
const folderOf = (kind: string) => join(root, nameOf(kind));
