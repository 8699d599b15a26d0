import { hopColours } from '@weir/domain';

/**
 * Okabe & Ito 2008, told apart with any kind of colour vision; yellow darkened for lines on white, and one brown more.
 * Dark pages get the same hues lighter. Paper is always light.
 */
export const light: Readonly<Record<string, string>> = {
  paper: '#fff',
  ink: '#1a1c1f',
  muted: '#5b6168',
  rule: '#e4e6e9',
  edge: '#9aa0a6',
  link: '#00598c',
  warn: '#a63d00',
  c0: '#1a1c1f',
  c1: '#0072b2',
  c2: '#d55e00',
  c3: '#009e73',
  c4: '#56b4e9',
  c5: '#e69f00',
  c6: '#cc79a7',
  c7: '#b3a100',
  c8: '#8a8f96',
  c9: '#7a4b1e',
};
const dark: typeof light = {
  paper: '#15171a',
  ink: '#e6e8ea',
  muted: '#a0a6ad',
  rule: '#2c3035',
  edge: '#70767d',
  link: '#6cb8ea',
  warn: '#ff9a5c',
  c0: '#f2f3f4',
  c1: '#2f95d8',
  c2: '#ee7a24',
  c3: '#1fb78b',
  c4: '#8accf2',
  c5: '#f0b429',
  c6: '#d98fb8',
  c7: '#e3d44a',
  c8: '#8d939a',
  c9: '#b07d4d',
};

const properties = (colours: typeof light): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('');

/** The page's only style sheet. */
export const style = `:root{color-scheme:light dark;${properties(light)}${hopColours('light')}}
@media screen and (prefers-color-scheme:dark){:root{${properties(dark)}${hopColours('dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem clamp(1rem,4vw,3rem) 4rem;max-width:76rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;margin:2.75rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:1.75rem 0 .5rem}
p,ul,dl{margin:.5rem 0;max-width:48rem}
a{color:var(--link)}
code{font:.875em/1.4 ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.byline,.missing,figcaption{color:var(--muted)}
.headline{font-size:1.1rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:0;margin:.75rem 0 0;max-width:none;font-size:.9rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}
dt{color:var(--muted)}
dd{margin:0;min-width:0}
figure{margin:1rem 0 2rem}
figcaption{font-size:.875rem;max-width:48rem;margin-top:.5rem}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1.25rem 2rem}
.panels svg{width:100%;max-width:35rem;height:auto;display:block}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;margin:0 0 .9rem;max-width:none;font-size:.85rem}
.legend li{display:flex;align-items:center;gap:.35rem}
.legend svg{flex:none}
.defs{position:absolute}
.panels svg{font-size:11.5px;fill:var(--ink);font-variant-numeric:tabular-nums}
svg text{paint-order:stroke;stroke-linejoin:round}
.panel-title{font-size:.9rem;font-weight:600;margin:0 0 .15rem}
details{margin-top:.5rem}
summary{cursor:pointer;font-size:.875rem;color:var(--link);width:fit-content}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);font-weight:400}
thead th{color:var(--muted);vertical-align:bottom;border-bottom-color:var(--edge)}
.figures{text-align:right;white-space:nowrap}
thead .figures{white-space:normal}
.beyond{color:var(--warn);font-weight:600}
details td,details tbody th{white-space:nowrap}
@media (max-width:30rem){.panels svg{font-size:13px}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,summary{display:none}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.panels{grid-template-columns:1fr 1fr}.scroll{overflow:visible}}
`;
