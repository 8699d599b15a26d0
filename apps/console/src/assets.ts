import { hopColours, hops } from '@weir/domain';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** Browsers cannot resolve bare names: each library of the page is served under this path. */
const libraries: Readonly<Record<string, { readonly path: string; readonly file: string }>> = {
  preact: { path: '/lib/preact.js', file: 'preact' },
  'preact/hooks': { path: '/lib/preact-hooks.js', file: 'preact/hooks' },
  htm: { path: '/lib/htm.js', file: 'htm' },
  '@weir/domain/hops': { path: '/lib/hops.js', file: '@weir/domain/hops' },
  uplot: { path: '/lib/uplot.js', file: 'uplot/dist/uPlot.esm.js' },
};

/** Where the libraries of the page are installed. */
export const libraryFiles = (): readonly string[] =>
  Object.values(libraries).map(({ file }) => resolve(file));

/**
 * The page's files by path, held in memory: nothing else can be requested. Its modules are TypeScript
 * whose types are stripped, as Node itself does; there is no build step.
 */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const folder = new URL('../page/', import.meta.url);
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder).sort()) {
    const text = () => readFileSync(new URL(name, folder), 'utf8');
    if (name === 'index.html') assets.set('/', asset('text/html; charset=utf-8', text()));
    else if (name.endsWith('.ts')) assets.set(`/${name}`, script(withoutTypes(text())));
    else if (name.endsWith('.css')) assets.set(`/${name}`, asset('text/css; charset=utf-8', text()));
    else if (name.endsWith('.svg')) assets.set(`/${name}`, asset('image/svg+xml', text()));
  }
  for (const { path, file } of Object.values(libraries)) {
    const source = readFileSync(resolve(file), 'utf8');
    assets.set(path, script(resolve(file).endsWith('.ts') ? withoutTypes(source) : source));
  }
  assets.set('/hops.css', asset('text/css; charset=utf-8', hopStyles));
  const styles = new URL(import.meta.resolve('uplot/dist/uPlot.min.css'));
  assets.set('/lib/uplot.css', asset('text/css; charset=utf-8', readFileSync(styles, 'utf8')));
  return assets;
}

const withoutTypes = (source: string) => stripTypeScriptTypes(source, { mode: 'strip' });

const resolve = (name: string) => fileURLToPath(import.meta.resolve(name));

const script = (source: string) => asset('text/javascript; charset=utf-8', withPaths(source));

/** The colours of the hops, and the classes that take them. */
const hopStyles = [
  `:root{${hopColours('light')}}`,
  `@media (prefers-color-scheme: dark){:root{${hopColours('dark')}}}`,
  ...hops.map(
    ({ name }) => `.hop-${name},.c--hop-${name}{fill:var(--hop-${name});background:var(--hop-${name})}`,
  ),
].join('\n');

/** `from 'preact'` → `from '/lib/preact.js'`. The libraries' source maps are not served. */
function withPaths(source: string): string {
  return source
    .replace(/\bfrom\s*(['"])([@\w/]+)\1/g, (whole, quote: string, name: string) => {
      const library = libraries[name];
      return library ? `from${quote}${library.path}${quote}` : whole;
    })
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}

function asset(type: string, text: string): Asset {
  const body = Buffer.from(text);
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
