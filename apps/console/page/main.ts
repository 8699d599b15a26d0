import { render } from 'preact';
import { App } from './app.ts';
import { type Feed, openFeed } from './feed.ts';
import { html } from './html.ts';

const root = document.querySelector('#app')!;
root.replaceChildren();
const draw = (feed: Feed) => render(html`<${App} feed=${feed} choose=${choose} />`, root);
const choose = openFeed(draw);
draw({ snapshot: undefined, points: [], cells: [], connected: false });
