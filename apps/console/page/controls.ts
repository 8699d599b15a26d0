import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../src/snapshot.ts';
import type { Ask } from './feed.ts';
import { html } from './html.ts';
import { percent } from './words.ts';

const learnerWords: Readonly<Record<string, string>> = {
  planner: 'learned costs, joint plan',
  'offload-only': 'learned placement, best model',
  'device-only': 'never offloads',
  'edge-only': 'all at the edge',
  'cloud-only': 'all in the cloud',
};

/** The floor, the learner, and all links to a node at once. */
export function Controls({ snapshot, ask }: { snapshot: Snapshot; ask: Ask }): VNode {
  const { learner, learners, mayControl, services, links, nodes } = snapshot;
  const off = !mayControl || !services.policy || !learner;
  const emulated = nodes.filter(({ id }) =>
    links.some((link) => link.nodeId === id && link.condition !== null),
  );
  return html`<div class="controls">
    <${FloorSlider} snapshot=${snapshot} off=${off} ask=${ask} />
    <label class="field">
      <span>Learner</span>
      <select
        disabled=${off}
        value=${learner?.name ?? ''}
        onChange=${(event: Event) => ask({ kind: 'learner', learner: valueOf(event) })}
      >
        ${learners.map(
          (name) =>
            html`<option value=${name} selected=${name === learner?.name}>
              ${learnerWords[name] ? `${name}: ${learnerWords[name]}` : name}
            </option>`,
        )}
      </select>
    </label>
    ${
      mayControl &&
      emulated.map(({ id }) => {
        const own = links.filter((link) => link.nodeId === id && link.condition !== null);
        const all = own.every(({ condition }) => condition === own[0]!.condition)
          ? own[0]!.condition
          : undefined;
        return html`<fieldset class="segments" key=${id}>
          <legend>All links to ${id}</legend>
          ${(['normal', 'weak', 'cut'] as const).map(
            (condition) =>
              html`<button
                type="button"
                aria-pressed=${all === condition ? 'true' : 'false'}
                onClick=${() => own.forEach(({ deviceId }) => void ask({ kind: 'link', deviceId, nodeId: id, condition }))}
              >
                ${condition}
              </button>`,
          )}
        </fieldset>`;
      })
    }
    ${!mayControl && html`<p class="empty">This console is read-only.</p>`}
  </div>`;
}

/** A move of the slider is over when it rests for this long, ms: keys change it step by step. */
const restMs = 400;
/** How long the requested value is shown before the service's own is shown again, ms. */
const holdMs = 3_000;

function FloorSlider({ snapshot, off, ask }: { snapshot: Snapshot; off: boolean; ask: Ask }): VNode {
  const inForce = snapshot.learner?.floor ?? 0;
  const { least, most } = snapshot.floorRange ?? { least: 0, most: 1 };
  const [wanted, setWanted] = useState<number>();
  const release = useRef<ReturnType<typeof setTimeout>>(undefined);
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (wanted !== undefined && Math.abs(wanted - inForce) < 1e-6) setWanted(undefined);
  }, [inForce, wanted]);
  useEffect(
    () => () => {
      // Once another cell is chosen, it would be that one's floor.
      clearTimeout(rest.current);
      clearTimeout(release.current);
    },
    [],
  );
  const shown = wanted ?? inForce;
  const hold = (value: number) => {
    setWanted(value);
    clearTimeout(release.current);
    release.current = setTimeout(() => setWanted(undefined), holdMs);
  };
  const [from, to] = [
    Math.min(Math.floor(least * 1_000) / 1_000, inForce),
    // The service refuses a floor that no variant reaches.
    Math.max(Math.floor(most * 1_000) / 1_000, inForce),
  ];
  return html`<div class="field">
    <label for="floor"><span>Accuracy floor</span> <output for="floor">${percent(shown)}</output></label>
    <input
      id="floor"
      type="range"
      min=${from}
      max=${to}
      step="0.001"
      value=${shown}
      disabled=${off}
      aria-valuetext=${percent(shown)}
      onInput=${(event: Event) => hold(Number(valueOf(event)))}
      onChange=${(event: Event) => {
        const floor = Number(valueOf(event));
        hold(floor);
        clearTimeout(rest.current);
        rest.current = setTimeout(() => {
          void ask({ kind: 'floor', floor }).then((done) => done || setWanted(undefined));
        }, restMs);
      }}
    />
    <small class="range"><span>${percent(from)}</span><span>${percent(to)}</span></small>
  </div>`;
}

export const valueOf = (event: Event): string => (event.target as HTMLInputElement).value;
