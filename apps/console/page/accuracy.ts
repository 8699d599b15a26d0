import type { VNode } from 'preact';
import type { ShareView, Snapshot } from '../src/snapshot.ts';
import { html } from './html.ts';
import { count, percent, shortVariant } from './words.ts';

/** Promised against measured accuracy of the whole cell, and what is corrected because of it; nothing before the first. */
export function CellAccuracy({ snapshot: { learner } }: { snapshot: Snapshot }): VNode | null {
  if (!learner) return null;
  const { truths, audits, correction } = learner.accuracy;
  if (!truths && !audits && !correction) return null;
  return html`<div class="known-accuracy">
    <h3>Promised and measured <small>since the policy opened the cell</small></h3>
    <dl class="facts">
      ${truths && html`<${Share} name="right" what="answers with a known truth" share=${truths} />`}
      ${audits && html`<${Share} name="as the best variant" what="audits" share=${audits} />`}
      ${
        correction &&
        html`<dt>corrected</dt>
          <dd class="correction">
            ${correction.shortfall > 0 && html`<span>all variants lose ${percent(correction.shortfall)} </span>`}
            ${correction.firsts.map(
              ({ variant, loss, share }) =>
                html`<span key=${variant} title=${variant}>
                  ${`${shortVariant(variant)}: ${loss.toFixed(2)}× the loss, unsure ${share.toFixed(2)}× as often `}
                </span>`,
            )}
            <small>pictures differ from those that the models were measured on</small>
          </dd>`
      }
    </dl>
  </div>`;
}

function Share({ name, what, share }: { name: string; what: string; share: ShareView }): VNode {
  const { measured, promised, lowerBound, level } = share;
  const broken = promised !== null && measured < promised;
  return html`<dt>${name}</dt>
    <dd>
      <strong class=${broken ? 'warn' : 'good'}>${percent(measured)}</strong>
      ${promised !== null && ` of ${percent(promised)} promised`}
      <small
        >${`at least ${percent(lowerBound)} with ${percent(level, 0)} confidence, ${count(share.count)} ${what}`}</small
      >
    </dd>`;
}
