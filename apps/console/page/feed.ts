import type { Point, Snapshot } from '../src/snapshot.ts';

/** What the page knows. */
export interface Feed {
  readonly snapshot: Snapshot | undefined;
  readonly points: readonly Point[];
  /** Cells that may be chosen. */
  readonly cells: readonly string[];
  /** False while the console itself does not answer. */
  readonly connected: boolean;
}

const maxPoints = 300;
/** Silence, ms, after which the console counts as gone; snapshots come twice a second. */
const silentMs = 3_000;
/** Time between two looks at which cells there are, ms. */
const cellsMs = 5_000;
/** The same while the console does not answer, and between two tries where the browser has given up. */
const retryMs = 1_000;

/** The cell in the page's address; undefined: none was chosen, and the console shows its first. */
const chosenCell = () => new URLSearchParams(location.search).get('cell') ?? undefined;

/** Where the gateway answers about the chosen cell. */
const about = (path: string) => {
  const cell = chosenCell();
  return cell === undefined ? path : `${path}?${new URLSearchParams({ cell })}`;
};

/**
 * Listens to the gateway for ever. The browser reconnects by itself; where it gives up, this does. Gives a way to choose another
 * cell, which the page's address then names.
 */
export function openFeed(onChange: (feed: Feed) => void): (cell: string) => void {
  const empty = { snapshot: undefined, points: [], connected: false };
  let feed: Feed = { ...empty, cells: [] };
  let silence: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource | undefined;
  const change = (changed: Partial<Feed>) => onChange((feed = { ...feed, ...changed }));
  const heard = (changed: Partial<Feed>) => {
    clearTimeout(silence);
    silence = setTimeout(() => change({ connected: false }), silentMs);
    change({ ...changed, connected: true });
  };
  const read = <T>(event: Event) => JSON.parse((event as MessageEvent<string>).data) as T;

  function open(): void {
    const opened = (source = new EventSource(about('/events')));
    opened.addEventListener('history', (event) => heard({ points: read<Point[]>(event) }));
    opened.addEventListener('snapshot', (event) => heard({ snapshot: read<Snapshot>(event) }));
    opened.addEventListener('point', (event) =>
      heard({ points: [...feed.points.slice(1 - maxPoints), read<Point>(event)] }),
    );
    opened.addEventListener('error', () => {
      change({ connected: false });
      if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === source && open(), retryMs);
    });
  }

  function choose(cell: string): void {
    history.replaceState(null, '', `?${new URLSearchParams({ cell })}`);
    source?.close();
    change(empty);
    open();
  }

  async function lookForCells(): Promise<void> {
    try {
      const response = feed.connected ? await fetch('/cells') : undefined;
      if (response?.ok) change({ cells: (await response.json()) as string[] });
    } catch {
      // The stream of events tells that the console is away.
    }
    const [first] = feed.cells;
    const shown = feed.snapshot?.cellId;
    // Nobody has chosen, and what is shown for want of any has no nodes.
    if (
      first !== undefined &&
      shown !== undefined &&
      chosenCell() === undefined &&
      !feed.cells.includes(shown)
    )
      choose(first);
    setTimeout(() => void lookForCells(), feed.connected ? cellsMs : retryMs);
  }
  open();
  void lookForCells();
  return choose;
}

/** How a part of the page asks for a change; false when it is refused, which the page then shows. */
export type Ask = (change: Readonly<Record<string, string | number>>) => Promise<boolean>;

/** Asks for a change. Throws with the reason when it is refused. */
export async function ask(change: Readonly<Record<string, string | number>>): Promise<void> {
  const response = await fetch(about('/control'), {
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
