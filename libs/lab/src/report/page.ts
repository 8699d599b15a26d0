import { createHash } from 'node:crypto';
import { markup, Markup, type Part } from './markup.ts';
import { stripes } from './plot.ts';
import { style } from './style.ts';

export interface PageSection {
  readonly id: string;
  readonly title: string;
  readonly content: Part;
}

/** One self-contained document: nothing is loaded, no script runs, only this style sheet applies. */
export function page(title: string, head: Part, sections: readonly PageSection[]): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const links = sections.map(({ id, title: name }) => markup`<li><a href="#${id}">${name}</a></li>`);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${stripes}
<header><h1>${title}</h1>
${head}<nav aria-label="Sections"><ul>${links}</ul></nav></header>
<main>
${sections.map(({ id, title: name, content }) => markup`<section id="${id}"><h2>${name}</h2>\n${content}</section>\n`)}</main>
</body>
</html>
`.text;
}
