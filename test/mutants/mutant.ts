/** One deliberate fault. Its specs must fail on it; a fault that they let pass shows what they do not check. */
export interface Mutant {
  /** What an engineer would have got wrong. */
  readonly title: string;
  /** From the repository's root. */
  readonly file: string;
  /** Exact text of the file; must occur once. */
  readonly find: string;
  readonly replace: string;
  /** Specs that must notice, from the repository's root, all of one package. */
  readonly specs: readonly string[];
}

/** As `Mutant`, with `file` and `specs` relative to a folder. `specs` defaults to the spec beside the file. */
export type FolderMutant = Omit<Mutant, 'specs'> & { readonly specs?: readonly string[] };

export const mutantsOf = (folder: string, mutants: readonly FolderMutant[]): readonly Mutant[] =>
  mutants.map(({ file, specs = [file.replace(/\.ts$/, '.spec.ts')], ...rest }) => ({
    ...rest,
    file: `${folder}/${file}`,
    specs: specs.map((spec) => `${folder}/${spec}`),
  }));

/** The package that a path of the repository lies in, e.g. `libs/dispatch`. */
export const packageOf = (path: string): string => path.split('/').slice(0, 2).join('/');

/** The file's text with the fault in it. Throws when it cannot be put there, naming the cure. */
export function applyMutant({ title, file, find, replace }: Mutant, source: string): string {
  const found = source.split(find).length - 1;
  if (found === 1) return source.replace(find, () => replace);
  const cure =
    found === 0
      ? 'the code has changed: copy the line anew into `find`, or remove the mutant if what it broke is gone'
      : 'lengthen `find` until it occurs once';
  throw new Error(
    `mutant "${title}": \`find\` occurs ${found} times in ${file}; ${cure} (test/mutants/list)`,
  );
}
