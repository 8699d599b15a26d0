import { render } from 'preact';
import { App } from './app.ts';
import { openFeed } from './feed.ts';
import { html } from './html.ts';

const root = document.querySelector('#app')!;
root.replaceChildren();
openFeed((feed) => render(html`<${App} feed=${feed} />`, root));
render(html`<${App} feed=${{ snapshot: undefined, points: [], connected: false }} />`, root);
