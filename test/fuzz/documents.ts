import fc from 'fast-check';

/*
 * Documents (JSON, YAML) as a careless or hostile hand would leave them: any value anywhere, and what is no document any more.
 */

type Path = readonly (string | number)[];

/** Values that a schema may not have thought of. */
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    [],
    {},
    0,
    -1,
    1.5,
    1e9,
    1e300,
    -1e308,
    2 ** 53,
    '1e400',
    'x'.repeat(5_000),
  ),
  fc.constantFrom<unknown>(
    Array.from({ length: 2_000 }, () => 0),
    { __proto__: null, constructor: 1 },
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** The document with one to three of its values replaced, left out or joined by another. */
export function variedDocument(base: unknown): fc.Arbitrary<unknown> {
  const paths = [...pathsOf(base)];
  const edit = fc.record({
    path: fc.constantFrom(...paths),
    how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'double'),
    value: anyValue,
    key: fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'toString', 'extra', '0'),
      fc.string({ maxLength: 8 }),
    ),
  });
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    const holder = { document: structuredClone(base) };
    for (const { path, how, value, key } of edits) {
      const parent = at(holder, ['document', ...path].slice(0, -1)) as Record<string, unknown> | undefined;
      const last = ['document', ...path].at(-1)!;
      // An edit before may have taken it away.
      if (typeof parent !== 'object' || parent === null) continue;
      if (how === 'replace') parent[last] = value;
      else if (how === 'remove') delete parent[last];
      else if (how === 'double') parent[last] = twice(parent[last]);
      else if (typeof parent[last] === 'object' && parent[last] !== null)
        Object.defineProperty(parent[last], key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
    return holder.document;
  });
}

const twice = (value: unknown): unknown[] => {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return [...items, ...items];
};

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  // A long list is the same all along.
  for (const [key, inner] of Object.entries(value).slice(0, 40)) yield* pathsOf(inner, [...path, key]);
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

/** Texts of which a few characters are others, or are missing. */
export const blotted = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      text,
      fc.array(fc.tuple(fc.nat(), fc.nat(4), fc.string({ unit: 'binary', maxLength: 4 })), {
        minLength: 1,
        maxLength: 4,
      }),
    )
    .map(([whole, blots]) =>
      blots.reduce((left, [anywhere, length, ink]) => {
        const place = left.length === 0 ? 0 : anywhere % left.length;
        return left.slice(0, place) + ink + left.slice(place + length);
      }, whole),
    );
