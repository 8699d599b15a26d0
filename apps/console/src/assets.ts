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
  uplot: { path: '/lib/uplot.js', file: 'uplot/dist/uPlot.esm.js' },
};

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
    else if (name.endsWith('.ts'))
      assets.set(`/${name}`, script(stripTypeScriptTypes(text(), { mode: 'strip' })));
    else if (name.endsWith('.css')) assets.set(`/${name}`, asset('text/css; charset=utf-8', text()));
    else if (name.endsWith('.svg')) assets.set(`/${name}`, asset('image/svg+xml', text()));
  }
  for (const { path, file } of Object.values(libraries))
    assets.set(path, script(readFileSync(resolve(file), 'utf8')));
  const styles = new URL(import.meta.resolve('uplot/dist/uPlot.min.css'));
  assets.set('/lib/uplot.css', asset('text/css; charset=utf-8', readFileSync(styles, 'utf8')));
  return assets;
}

const resolve = (name: string) => fileURLToPath(import.meta.resolve(name));

const script = (source: string) => asset('text/javascript; charset=utf-8', withPaths(source));

/** `from 'preact'` → `from '/lib/preact.js'`. The libraries' source maps are not served. */
function withPaths(source: string): string {
  return source
    .replace(/\bfrom\s*(['"])([\w/]+)\1/g, (whole, quote: string, name: string) => {
      const library = libraries[name];
      return library ? `from${quote}${library.path}${quote}` : whole;
    })
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}

function asset(type: string, text: string): Asset {
  const body = Buffer.from(text);
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
