import { describe, expect, it } from 'vitest';
import { loadAssets } from './assets.ts';

const assets = loadAssets();
const scripts = [...assets].filter(([, { type }]) => type.startsWith('text/javascript'));
const imports = (source: string) =>
  [...source.matchAll(/\bfrom\s*['"]([@\w./-]+)['"]/g)].map(([, path]) => path!);

describe('what the page consists of', () => {
  it('is complete: every imported file is there', () => {
    const page = assets.get('/')!.body.toString();
    for (const [, path] of page.matchAll(/(?:href|src)="([^"]+)"/g))
      expect([...assets.keys()]).toContain(path);
    for (const [name, { body }] of scripts)
      for (const path of imports(body.toString()))
        expect([...assets.keys()], `${name} imports ${path}`).toContain(
          new URL(path, `http://page${name}`).pathname,
        );
  });

  it('is JavaScript for a browser: modules with the imported names, without types', () => {
    expect(scripts.length).toBeGreaterThan(8);
    for (const [name, { body }] of scripts) {
      const source = body.toString();
      expect(source, name).not.toMatch(/^import type|\brequire\(|module\.exports|sourceMappingURL/m);
    }
    expect(assets.get('/lib/uplot.js')!.body.toString()).toMatch(/export \{ \w+ as default \}/);
    expect(assets.get('/lib/preact-hooks.js')!.body.toString()).toContain('from"/lib/preact.js"');
  });

  it('needs nothing from elsewhere', () => {
    for (const [name, { body }] of assets)
      if (!name.startsWith('/lib/'))
        expect(body.toString().replaceAll('http://www.w3.org/2000/svg', ''), name).not.toMatch(/https?:\/\//);
  });
});
