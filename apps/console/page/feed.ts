import type { Point, Snapshot } from '../src/snapshot.ts';

/** What the page knows. */
export interface Feed {
  readonly snapshot: Snapshot | undefined;
  readonly points: readonly Point[];
  /** False while the console itself does not answer. */
  readonly connected: boolean;
}

const maxPoints = 300;
/** Silence, ms, after which the console counts as gone; snapshots come twice a second. */
const silentMs = 3_000;

/** Listens to the gateway for ever. The browser reconnects by itself; where it gives up, this does. */
export function openFeed(onChange: (feed: Feed) => void): void {
  let feed: Feed = { snapshot: undefined, points: [], connected: false };
  let silence: ReturnType<typeof setTimeout> | undefined;
  const change = (changed: Partial<Feed>) => onChange((feed = { ...feed, ...changed }));
  const heard = (changed: Partial<Feed>) => {
    clearTimeout(silence);
    silence = setTimeout(() => change({ connected: false }), silentMs);
    change({ ...changed, connected: true });
  };
  const read = <T>(event: Event) => JSON.parse((event as MessageEvent<string>).data) as T;

  function open(): void {
    const source = new EventSource('/events');
    source.addEventListener('history', (event) => heard({ points: read<Point[]>(event) }));
    source.addEventListener('snapshot', (event) => heard({ snapshot: read<Snapshot>(event) }));
    source.addEventListener('point', (event) =>
      heard({ points: [...feed.points.slice(1 - maxPoints), read<Point>(event)] }),
    );
    source.addEventListener('error', () => {
      change({ connected: false });
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, 2_000);
    });
  }
  open();
}

/** How a part of the page asks for a change; false when it is refused, which the page then shows. */
export type Ask = (change: Readonly<Record<string, string | number>>) => Promise<boolean>;

/** Asks for a change. Throws with the reason when it is refused. */
export async function ask(change: Readonly<Record<string, string | number>>): Promise<void> {
  const response = await fetch('/control', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-weir-console': '1' },
    body: JSON.stringify(change),
  });
  if (response.ok) return;
  const text = await response.text();
  let reason = text;
  try {
    reason = (JSON.parse(text) as { error?: string }).error ?? text;
  } catch {
    // Not JSON: keep the plain text.
  }
  throw new Error(reason.trim() || `HTTP ${response.status}`);
}
