import { describe, expect, it } from 'vitest';
import { markup } from './markup.ts';

describe('markup', () => {
  it('escapes text, in elements and in attributes', () => {
    expect(markup`<p title="${`"'`}">${'<b> & </b>'}</p>`.text).toBe(
      '<p title="&quot;&#39;">&lt;b&gt; &amp; &lt;/b&gt;</p>',
    );
  });

  it('takes markup as it stands, joins lists and leaves out what is not there', () => {
    const items = ['a', '<'].map((text) => markup`<li>${text}</li>`);
    expect(markup`<ul>${items}${null}${undefined}${false}</ul>`.text).toBe(
      '<ul><li>a</li><li>&lt;</li></ul>',
    );
  });

  it('rounds coordinates to hundredths', () => {
    expect(markup`${1 / 3} ${2}`.text).toBe('0.33 2');
  });
});
