import { hops } from '@weir/domain/hops';
import type { VNode } from 'preact';
import type { DeviceView, Hops, LinkView, Snapshot } from '../src/snapshot.ts';
import type { Ask } from './feed.ts';
import { valueOf } from './controls.ts';
import { html } from './html.ts';
import { count, hopsText, joules, ms, percent, reasonWords, shortVariant } from './words.ts';

/** A card per device: where its frames run, why, and actual against predicted response. */
export function Devices({ snapshot, ask }: { snapshot: Snapshot; ask: Ask | undefined }): VNode {
  const { devices, links, learner, hasFrames } = snapshot;
  if (devices.length === 0)
    return html`<p class="empty">No device has joined this cell yet. Devices appear here by themselves.</p>`;
  const longest = Math.max(1, ...devices.map(({ recent }) => recent?.meanMs ?? 0));
  return html`<div>
    ${hasFrames && html`<${ReasonLegend} />`} ${hasFrames && html`<${HopLegend} />`}
    <ul class="cards">
      ${devices.map(
        (device) =>
          html`<${Card}
            key=${device.id}
            device=${device}
            links=${links.filter(({ deviceId }) => deviceId === device.id)}
            floor=${learner?.floor ?? null}
            longest=${longest}
            ask=${ask}
          />`,
      )}
    </ul>
  </div>`;
}

interface CardProps {
  device: DeviceView;
  links: readonly LinkView[];
  floor: number | null;
  longest: number;
  ask: Ask | undefined;
}

function Card({ device, links, floor, longest, ask }: CardProps): VNode {
  const { id, answers, orchestrated, planned, plannedMs, recent, measured, balance, answered, failed } =
    device;
  const { belowFloor, peerFaults } = device;
  const state = answers === false ? 'silent' : orchestrated ? 'orchestrated' : 'on its own';
  const expected = recent?.expectedAccuracy ?? device.expectedAccuracy;
  const right = recent?.right ?? null;
  const ejected = links.filter(({ ejection }) => ejection !== null);
  const faults = [device.familyFault, ...links.map(({ identityFault }) => identityFault)].filter(
    (fault) => fault !== null,
  );
  return html`<li class="card" data-device=${id}>
    <h3>
      <span class=${`dot ${answers === false ? 'bad' : orchestrated ? 'good' : 'warn'}`}></span>${id}
      <small>${state}</small>
    </h3>
    ${
      recent && recent.placements.length > 0
        ? html`<${Placements} recent=${recent} />`
        : html`<p class="empty">${planned ? 'No frames in the last seconds.' : 'Nothing runs yet.'}</p>`
    }
    <dl class="facts">
      <dt>planned</dt>
      <dd>
        ${
          planned
            ? html`<span class=${`tier ${planned.tier}`}>${planned.nodeId}</span>
                <span title=${planned.variant}>${shortVariant(planned.variant)}</span>
                ${plannedMs !== null && html`<small>for ${ms(plannedMs)}</small>`}`
            : '–'
        }
      </dd>
      ${
        recent &&
        html`<dt>because</dt>
          <dd>
            <${Reasons} reasons=${recent.reasons} />
          </dd>
          <dt>looked again</dt>
          <dd>${percent(recent.lookedAgain, 0)} <small>where the first look was unsure</small></dd>
          <dt>response</dt>
          <dd>
            ${ms(recent.meanMs)}, predicted ${ms(recent.predictedMs)}
            <small>(${percent(recent.predictionError, 0)} off)</small>
          </dd>
          <dt>energy</dt>
          <dd>${joules(recent.energyJ)} <small>an answer</small></dd>`
      }
      <dt>accuracy</dt>
      <dd>
        ${`${percent(expected)} expected`}
        <small>${right === null ? `floor of the cell ${percent(floor)}` : `${percent(right)} right`}</small>
        ${
          belowFloor &&
          html`<small class=${belowFloor.paid ? '' : 'bad'}
            >${`· ${belowFloor.paid ? 'below it' : 'not met'}: ${belowFloor.reason}`}</small
          >`
        }
      </dd>
      ${
        peerFaults.length > 0 &&
        html`<dt>out of reach</dt>
          <dd class="ejected">
            ${peerFaults.map(
              ({ peer, text }) =>
                html`<span key=${peer}><strong class="bad">${peer}</strong> <small>${text}</small> </span>`,
            )}
          </dd>`
      }
      ${
        measured &&
        html`<dt>measured</dt>
          <dd>
            ${`${percent(measured.right)} right, at least ${percent(measured.lowerBound)}`}
            <small>
              ${`${percent(measured.promised)} promised to ${count(measured.labelled)} answers with a known truth`}
            </small>
          </dd>`
      }
      ${
        ejected.length > 0 &&
        html`<dt>ejected</dt>
          <dd class="ejected">
            ${ejected.map(
              ({ nodeId, ejection }) =>
                html`<span key=${nodeId}
                  ><strong class="bad">${nodeId}</strong> <small>${ejection}</small>
                </span>`,
            )}
          </dd>`
      }
      ${
        faults.length > 0 &&
        html`<dt>models and names</dt>
          <dd class="ejected">
            ${faults.map((fault) => html`<span key=${fault}><small class="bad">${fault}</small></span>`)}
          </dd>`
      }
      <dt>balance</dt>
      <dd>
        ${balance === null ? '–' : balance.toFixed(2)}
        <small>${`${count(answered)} answered${failed ? `, ${failed} failed` : ''}`}</small>
      </dd>
    </dl>
    ${recent && recent.meanMs > 0 && html`<${HopBar} hopsMs=${recent.hopsMs} longest=${longest} />`}
    ${ask && html`<${Disturb} device=${device} links=${links} ask=${ask} />`}
  </li>`;
}

function Reasons({ reasons }: { reasons: Readonly<Record<string, number>> }): VNode {
  const frames = sum(Object.values(reasons));
  const sorted = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  return html`${sorted.map(
    ([reason, times]) =>
      html`<span key=${reason} class="reason" title=${reasonWords[reason] ?? ''}>
        ${`${reason} ${percent(times / frames, 0)}`}
      </span>`,
  )}`;
}

function Placements({ recent }: { recent: NonNullable<DeviceView['recent']> }): VNode {
  return html`<ul class="placements">
    ${recent.placements.slice(0, 3).map(
      ({ tier, nodeId, variant, share }) =>
        html`<li key=${`${nodeId} ${variant}`}>
          <svg
            class="share-bar"
            viewBox="0 0 100 10"
            preserveAspectRatio="none"
            role="img"
            aria-label=${`${percent(share, 0)} of frames`}
          >
            <rect class=${`fill ${tier}`} width=${share * 100} height="10" />
          </svg>
          <span class="share">${percent(share, 0)}</span>
          <span class=${`tier ${tier}`}>${nodeId}</span>
          <span title=${variant}>${shortVariant(variant)}</span>
        </li>`,
    )}
  </ul>`;
}

/** `longest`: the full width, ms; common to the bars that are compared. */
export function HopBar({ hopsMs, longest, label }: { hopsMs: Hops; longest: number; label?: string }): VNode {
  let at = 0;
  return html`<svg
    class="hops"
    viewBox="0 0 100 10"
    preserveAspectRatio="none"
    role="img"
    aria-label=${label ?? hopsText(hopsMs)}
  >
    <title>${hopsText(hopsMs)}</title>
    ${hopsMs.map((hopMs, index) => {
      const [x, width] = [(at / longest) * 100, (hopMs / longest) * 100];
      at += hopMs;
      return html`<rect
        class=${`hop-${hops[index]!.name}`}
        x=${x}
        y="0"
        width=${Math.max(0, width)}
        height="10"
      />`;
    })}
  </svg>`;
}

/** Shows each hop's time if given. */
function HopLegend({ hopsMs }: { hopsMs?: Hops }): VNode {
  return html`<ul class="legend" aria-label="Colours of the hops">
    ${hops.map(
      ({ name }, index) =>
        html`<li><i class=${`hop-${name}`}></i>${name}${hopsMs && html` <b>${ms(hopsMs[index])}</b>`}</li>`,
    )}
  </ul>`;
}

function ReasonLegend(): VNode {
  return html`<dl class="reasons" aria-label="Why a frame runs where it does">
    ${Object.entries(reasonWords).map(
      ([reason, meaning]) =>
        html`<div>
          <dt>${reason}</dt>
          <dd>${meaning}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Hops of all devices' recent frames. */
export function CellTime({ snapshot: { recent } }: { snapshot: Snapshot }): VNode | null {
  if (!recent || recent.meanMs <= 0) return null;
  return html`<div class="time">
    <h3>
      Where the time goes, now
      <small
        >${`${ms(recent.meanMs)} a frame, predicted ${ms(recent.predictedMs)}; ${joules(recent.energyJ)} an answer`}</small
      >
    </h3>
    <${HopBar} hopsMs=${recent.hopsMs} longest=${recent.meanMs} />
    <${HopLegend} hopsMs=${recent.hopsMs} />
  </div>`;
}

/** Controls of what is emulated around one device. */
function Disturb({
  device,
  links,
  ask,
}: {
  device: DeviceView;
  links: readonly LinkView[];
  ask: Ask;
}): VNode | null {
  const emulated = links.filter(({ condition }) => condition !== null);
  if (emulated.length === 0 && device.slowdown === null) return null;
  return html`<div class="disturb">
    ${emulated.map(
      ({ deviceId, nodeId, condition }) =>
        html`<label key=${nodeId}>
          <span>to ${nodeId}</span>
          <select
            aria-label=${`Link from ${deviceId} to ${nodeId}`}
            class=${condition}
            onChange=${(event: Event) => ask({ kind: 'link', deviceId, nodeId, condition: valueOf(event) })}
          >
            ${['normal', 'weak', 'cut'].map((name) => html`<option value=${name} selected=${name === condition}>${name}</option>`)}
          </select>
        </label>`,
    )}
    ${
      device.slowdown !== null &&
      html`<label>
        <span>processor</span>
        <select
          aria-label=${`Processor of ${device.id}`}
          onChange=${(event: Event) => ask({ kind: 'speed', deviceId: device.id, slowdown: Number(valueOf(event)) })}
        >
          ${[1, 2, 4, 8].map(
            (times) =>
              html`<option value=${times} selected=${times === device.slowdown}>
                ${times === 1 ? 'normal' : `${times}× slower`}
              </option>`,
          )}
        </select>
      </label>`
    }
  </div>`;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
