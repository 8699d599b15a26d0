import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Snapshot } from '../src/snapshot.ts';
import { CellAccuracy } from './accuracy.ts';
import { AccuracyChart, HopsChart, LearnerChart, ResponseChart } from './charts.ts';
import { Controls, valueOf } from './controls.ts';
import { CellTime, Devices } from './devices.ts';
import { type Ask, type Feed, ask } from './feed.ts';
import { html } from './html.ts';
import { Picture } from './picture.ts';
import { Traces } from './traces.ts';
import { count, joules, ms, percent, timeOfDay } from './words.ts';

export function App({ feed, choose }: { feed: Feed; choose: (cell: string) => void }): VNode {
  const { snapshot, points, cells, connected } = feed;
  const [failure, setFailure] = useState('');
  const tell: Ask = (change) =>
    ask(change).then(
      () => (setFailure(''), true),
      (error: Error) => (setFailure(error.message), false),
    );
  if (!snapshot) return html`<${Waiting} connected=${connected} />`;
  const { mayControl } = snapshot;
  return html`
    <${Header} snapshot=${snapshot} cells=${cells} choose=${choose} connected=${connected} />
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

interface HeaderProps {
  snapshot: Snapshot;
  cells: readonly string[];
  choose: (cell: string) => void;
  connected: boolean;
}

function Header({ snapshot, cells, choose, connected }: HeaderProps): VNode {
  const { recent, learner, cellId, devices, belowFloor } = snapshot;
  const expected = recent?.expectedAccuracy ?? averageExpected(snapshot);
  return html`<header>
    <div class="brand">
      <img src="/icon.svg" alt="" width="28" height="28" />
      <h1>Weir</h1>
      ${
        cells.length > 1
          ? html`<select
              class="cell-name"
              aria-label="Cell"
              value=${cellId}
              onChange=${(event: Event) => choose(valueOf(event))}
            >
              ${[...new Set([...cells, cellId])].map(
                (name) => html`<option value=${name} selected=${name === cellId}>${name}</option>`,
              )}
            </select>`
          : html`<span class="cell-name">${cellId}</span>`
      }
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
        note=${`floor ${percent(learner?.floor)}${belowFloor?.paid ? ', balance pays' : ''}`}
        tone=${belowFloor && !belowFloor.paid ? 'bad' : 'good'}
        title=${belowFloor?.reason}
      />
      <${Figure}
        name="frames"
        value=${recent ? `${recent.framesPerSecond.toFixed(1)}/s` : '–'}
        note=${recent?.failed ? `${recent.failed} failed` : `${devices.length} devices`}
        tone=${recent?.failed ? 'bad' : ''}
      />
      <${Figure} name="energy" value=${joules(recent?.energyJ)} note="an answer" />
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
  title,
}: {
  name: string;
  value: string;
  note: string;
  tone?: string;
  title?: string;
}): VNode {
  return html`<div class="figure" title=${title}>
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
  const { services, devices, belowFloor } = snapshot;
  const silent = devices.filter(({ answers }) => answers === false).map(({ id }) => id);
  return html`<div class="notices" aria-live="polite">
    ${!connected && html`<p class="bad">The console does not answer. You see its last state; it reconnects by itself.</p>`}
    ${connected && !services.policy && html`<p class="bad">PolicyService is silent. The devices carry on by their last directives.</p>`}
    ${connected && !services.telemetry && html`<p class="warn">Telemetry is silent. Loads are as the devices last saw them.</p>`}
    ${connected && belowFloor && !belowFloor.paid && html`<p class="bad">The accuracy floor is not met: ${belowFloor.reason}.</p>`}
    ${connected && silent.length > 0 && html`<p class="bad">No answer from ${silent.join(', ')}.</p>`}
    ${failure && html`<p class="bad">Not done: ${failure} <button type="button" onClick=${dismiss}>Dismiss</button></p>`}
  </div>`;
}

function Events({ snapshot }: { snapshot: Snapshot }): VNode {
  if (snapshot.events.length === 0)
    return html`<p class="empty">
      Nothing yet. Nodes that come, go or cannot be reached, and changes made here, appear here.
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
