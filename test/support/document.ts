import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Root of the repository. */
export const root = join(import.meta.dirname, '../..');

/** A fenced block of code; `file`: the name behind its language, e.g. ```yaml my-cell.yaml. */
export interface CodeBlock {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

/** A document of the repository as it stands. */
export interface Document {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
  /** Every `weir` command line that it shows, in blocks and within sentences, as words after `weir`. */
  readonly commands: readonly (readonly string[])[];
}

export async function readDocument(path: string): Promise<Document> {
  const text = await readFile(join(root, path), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language, file, code]): CodeBlock => ({ language: language!, file, text: code! }),
  );
  const lines = [
    ...blocks.filter(({ language }) => language === 'sh').flatMap((block) => block.text.split('\n')),
    // A code span may be broken over two lines.
    ...[...text.matchAll(/(?<!`)`((?:npx )?weir [^`]+)`/g)].map(([, span]) => span!.replaceAll('\n', ' ')),
  ];
  const commands = lines
    .map((line) => /^(?:npx )?weir (.*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .map(wordsOf);
  return { path, text, blocks, commands };
}

/** As a shell splits a line: words, 'quoted ones', and a comment at the end. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/\s#.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
