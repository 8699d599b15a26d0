import type { VNode } from 'preact';
import type { Snapshot, TraceView } from '../src/snapshot.ts';
import { HopBar } from './devices.ts';
import { html } from './html.ts';
import { hopsText, joules, ms, reasonWords, shortVariant, timeOfDay } from './words.ts';

/** A waterfall per answer: its hops on a common scale, the prediction as a mark. */
export function Traces({ snapshot }: { snapshot: Snapshot }): VNode {
  const { traces, hasFrames } = snapshot;
  if (traces.length === 0)
    return html`<p class="empty">
      ${
        hasFrames
          ? 'No recent answers.'
          : 'No answers seen yet. They appear as soon as the agents tell of them, through Telemetry.'
      }
    </p>`;
  const longest = Math.max(1, ...traces.map(({ responseMs }) => responseMs));
  return html`<ol class="traces">
    ${traces.map((trace) => html`<${Trace} key=${`${trace.deviceId} ${trace.at} ${trace.responseMs}`} trace=${trace} longest=${longest} />`)}
  </ol>`;
}

const answerMark = (correct: boolean | null) => (correct === null ? '' : correct ? ' ✓' : ' ✗');

function Trace({ trace, longest }: { trace: TraceView; longest: number }): VNode {
  const { deviceId, at, tier, nodeId, variant, reason, predictedMs, responseMs, hopsMs, correct, label } =
    trace;
  const tried = trace.failedAttempts.join(', ');
  const again = trace.lookedAgain ? ' · looked again' : '';
  return html`<li>
    <span class="who"
      ><time>${timeOfDay(at)}</time> ${deviceId} → <span class=${`tier ${tier}`}>${nodeId}</span>
      <small title=${variant}>${shortVariant(variant)}</small></span
    >
    <span class="bar">
      <${HopBar} hopsMs=${hopsMs} longest=${longest} label=${`${ms(responseMs)}: ${hopsText(hopsMs)}`} />
      ${
        predictedMs > 0 &&
        predictedMs <= longest &&
        html`<svg class="mark" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <line x1=${(predictedMs / longest) * 100} x2=${(predictedMs / longest) * 100} y1="0" y2="10" />
        </svg>`
      }
    </span>
    <span class="what">
      <strong>${ms(responseMs)}</strong>
      <small
        >${`predicted ${ms(predictedMs)} · `}<span title=${reasonWords[reason] ?? ''}>${reason}</span>
        ${tried && ` · after ${tried}`}${`${again} · ${joules(trace.energyJ)}${label && ` · ${label}`}${answerMark(correct)}`}</small
      >
    </span>
  </li>`;
}
