import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Snapshot } from '../src/snapshot.ts';
import { CellAccuracy } from './accuracy.ts';
import { AccuracyChart, HopsChart, LearnerChart, ResponseChart } from './charts.ts';
import { Controls } from './controls.ts';
import { CellTime, Devices } from './devices.ts';
import { type Ask, type Feed, ask } from './feed.ts';
import { html } from './html.ts';
import { Picture } from './picture.ts';
import { Traces } from './traces.ts';
import { count, ms, percent, timeOfDay } from './words.ts';

export function App({ feed }: { feed: Feed }): VNode {
  const { snapshot, points, connected } = feed;
  const [failure, setFailure] = useState('');
  const tell: Ask = (change) =>
    ask(change).then(
      () => (setFailure(''), true),
      (error: Error) => (setFailure(error.message), false),
    );
  if (!snapshot) return html`<${Waiting} connected=${connected} />`;
  const { mayControl } = snapshot;
  return html`
    <${Header} snapshot=${snapshot} connected=${connected} />
    <${Notices}
      snapshot=${snapshot}
      connected=${connected}
      failure=${failure}
      dismiss=${() => setFailure('')}
    />
    <main class=${connected ? '' : 'stale'}>
      <section class="wide" aria-labelledby="cell-heading">
        <h2 id="cell-heading">The cell, now</h2>
        <${Picture} snapshot=${snapshot} ask=${mayControl ? tell : undefined} />
        <${CellTime} snapshot=${snapshot} />
        <${CellAccuracy} snapshot=${snapshot} />
      </section>
      <section class="side" aria-labelledby="steer-heading">
        <h2 id="steer-heading">Steer</h2>
        <${Controls} snapshot=${snapshot} ask=${tell} />
        <h2>What happened</h2>
        <${Events} snapshot=${snapshot} />
      </section>
      <section class="full" aria-labelledby="devices-heading">
        <h2 id="devices-heading">What runs where, and why</h2>
        <${Devices} snapshot=${snapshot} ask=${mayControl ? tell : undefined} />
      </section>
      <section class="half"><${ResponseChart} points=${points} /></section>
      <section class="half"><${AccuracyChart} points=${points} /></section>
      <section class="half"><${HopsChart} points=${points} /></section>
      <section class="half"><${LearnerChart} points=${points} learner=${snapshot.learner} /></section>
      <section class="full" aria-labelledby="traces-heading">
        <h2 id="traces-heading">The last answers, hop by hop</h2>
        <${Traces} snapshot=${snapshot} />
      </section>
    </main>
  `;
}

function Header({ snapshot, connected }: { snapshot: Snapshot; connected: boolean }): VNode {
  const { recent, learner, cellId, devices } = snapshot;
  const floor = learner?.floor ?? null;
  const expected = recent?.expectedAccuracy ?? averageExpected(snapshot);
  const below = expected !== null && floor !== null && expected < floor - 0.0005;
  // Recent accuracy may dip: the average since the start holds while no balance is overdrawn.
  const paid = devices.length > 0 && devices.every(({ balance }) => balance !== null && balance >= 0);
  return html`<header>
    <div class="brand">
      <img src="/icon.svg" alt="" width="28" height="28" />
      <h1>Weir</h1>
      <span class="cell-name">${cellId}</span>
      <span class=${`pill ${connected ? 'good' : 'bad'}`} role="status">
        ${connected ? 'live' : 'reconnecting…'}
      </span>
    </div>
    <dl class="figures">
      <${Figure}
        name="response"
        value=${ms(recent?.meanMs)}
        note=${recent ? `p95 ${ms(recent.p95Ms)}` : 'no frames seen'}
      />
      <${Figure}
        name="accuracy"
        value=${percent(expected)}
        note=${`floor ${percent(floor)}${below && paid ? ', balance pays' : ''}`}
        tone=${below && !paid ? 'bad' : 'good'}
      />
      <${Figure}
        name="frames"
        value=${recent ? `${recent.framesPerSecond.toFixed(1)}/s` : '–'}
        note=${recent?.failed ? `${recent.failed} failed` : `${devices.length} devices`}
        tone=${recent?.failed ? 'bad' : ''}
      />
      <${Figure}
        name="learner"
        value=${learner?.name ?? '–'}
        note=${`${count(learner?.outcomes)} outcomes`}
      />
    </dl>
  </header>`;
}

function averageExpected({ devices }: Snapshot): number | null {
  const known = devices.flatMap(({ expectedAccuracy }) => expectedAccuracy ?? []);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

function Figure({
  name,
  value,
  note,
  tone = '',
}: {
  name: string;
  value: string;
  note: string;
  tone?: string;
}): VNode {
  return html`<div class="figure">
    <dt>${name}</dt>
    <dd><strong class=${tone}>${value}</strong> <small>${note}</small></dd>
  </div>`;
}

interface NoticesProps {
  snapshot: Snapshot;
  connected: boolean;
  failure: string;
  dismiss: () => void;
}

function Notices({ snapshot, connected, failure, dismiss }: NoticesProps): VNode {
  const { services, devices } = snapshot;
  const silent = devices.filter(({ answers }) => answers === false).map(({ id }) => id);
  return html`<div class="notices" aria-live="polite">
    ${!connected && html`<p class="bad">The console does not answer. You see its last state; it reconnects by itself.</p>`}
    ${connected && !services.policy && html`<p class="bad">PolicyService is silent. The devices carry on by their last directives.</p>`}
    ${connected && !services.telemetry && html`<p class="warn">Telemetry is silent. Loads are as the devices last saw them.</p>`}
    ${connected && silent.length > 0 && html`<p class="bad">No answer from ${silent.join(', ')}.</p>`}
    ${failure && html`<p class="bad">Not done: ${failure} <button type="button" onClick=${dismiss}>Dismiss</button></p>`}
  </div>`;
}

function Events({ snapshot }: { snapshot: Snapshot }): VNode {
  if (snapshot.events.length === 0)
    return html`<p class="empty">
      Nothing yet. Processes that die and restart, and changes made here, appear here.
    </p>`;
  return html`<ol class="events">
    ${snapshot.events.map(
      ({ at, kind, text }) =>
        html`<li key=${`${at} ${text}`} class=${kind}>
          <time>${timeOfDay(at)}</time> <span>${text}</span>
        </li>`,
    )}
  </ol>`;
}

function Waiting({ connected }: { connected: boolean }): VNode {
  return html`<main class="waiting" role="status">
    <img src="/icon.svg" alt="" width="48" height="48" />
    <p>${connected ? 'Looking at the cell…' : 'Connecting to the console…'}</p>
  </main>`;
}
