import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeviceView, LinkView, LoadView, NodeView, Snapshot } from '../src/snapshot.ts';
import type { Ask } from './feed.ts';
import { html } from './html.ts';
import { ms, percent, shortVariant } from './words.ts';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Gap between two devices, px. */
const gap = 14;
const deviceHeight = 58;
const nodeHeight = 104;

/** Devices on the left, edge and cloud on the right, links between them; fills the available width. */
export function Picture({ snapshot, ask }: { snapshot: Snapshot; ask: Ask | undefined }): VNode {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.max(300, Math.round(entry!.contentRect.width))),
    );
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return html`<div class="picture" ref=${frame}>
    <${Drawing} snapshot=${snapshot} width=${width} ask=${ask} />
    ${!hasLabels(width, snapshot) && html`<${LinkList} links=${snapshot.links} />`}
  </div>`;
}

const isWide = (width: number) => width >= 600;
/** Whether there is room for them beside the lines; else they are listed below. */
const hasLabels = (width: number, { nodes }: Snapshot) => isWide(width) && nodes.length <= 3;

/** What the labels would say. */
function LinkList({ links }: { links: readonly LinkView[] }): VNode | null {
  if (links.length === 0) return null;
  return html`<ul class="links" aria-label="Links">
    ${links.map(
      (link) =>
        html`<li key=${`${link.deviceId} ${link.nodeId}`} class=${isDown(link) ? 'bad' : ''}>
          ${`${link.deviceId} – ${link.nodeId} `}<b>${linkText(link)}</b>
          ${link.fault && html`<small>${link.fault}</small>`}
        </li>`,
    )}
  </ul>`;
}

function Drawing({
  snapshot,
  width,
  ask,
}: {
  snapshot: Snapshot;
  width: number;
  ask: Ask | undefined;
}): VNode {
  const { devices, nodes, links } = snapshot;
  if (devices.length === 0 && nodes.length === 0)
    return html`<p class="empty">Waiting for the cell’s nodes. They appear as soon as they report.</p>`;
  const wide = isWide(width);
  const deviceWidth = wide ? 200 : Math.round(width * 0.4);
  const nodeWidth = wide ? 170 : Math.round(width * 0.34);
  const tall = Math.max(
    wide ? 330 : 0,
    devices.length * (deviceHeight + gap) - gap,
    nodes.length * (nodeHeight + 32) - 32,
  );
  const height = tall + 8;
  const places = new Map<string, Box>([
    ...spread(
      devices.map(({ id }) => id),
      { x: 2, width: deviceWidth, height: deviceHeight },
      tall,
    ),
    ...spread(
      nodes.map(({ id }) => id),
      { x: width - nodeWidth - 2, width: nodeWidth, height: nodeHeight },
      tall,
    ),
  ]);
  const drawn = links.flatMap((link) => {
    const [from, to] = [places.get(link.deviceId), places.get(link.nodeId)];
    const node = nodes.findIndex(({ id }) => id === link.nodeId);
    if (!from || !to) return [];
    const device = devices.findIndex(({ id }) => id === link.deviceId);
    return {
      link,
      from: { x: from.x + from.width, y: from.y + (from.height * (node + 1)) / (nodes.length + 1) },
      to: { x: to.x, y: to.y + (to.height * (device + 1)) / (devices.length + 1) },
      tier: nodes[node]!.tier,
    };
  });
  return html`<svg
    viewBox=${`0 0 ${width} ${height}`}
    width=${width}
    height=${height}
    role="group"
    aria-label=${summary(snapshot)}
  >
    ${drawn.map(({ link, ...place }) => html`<${Link} key=${`${link.deviceId} ${link.nodeId}`} link=${link} ...${place} ask=${ask} />`)}
    ${hasLabels(width, snapshot) && drawn.map(({ link, from }) => html`<${LinkLabel} key=${`${link.deviceId} ${link.nodeId}`} link=${link} from=${from} />`)}
    ${devices.map((device) => html`<${Device} key=${device.id} device=${device} box=${places.get(device.id)!} />`)}
    ${nodes.map((node) => html`<${Node} key=${node.id} node=${node} box=${places.get(node.id)!} />`)}
  </svg>`;
}

/** Stacks boxes evenly over the height. */
function spread(ids: readonly string[], { x, width, height }: Omit<Box, 'y'>, tall: number): [string, Box][] {
  const room = (tall - ids.length * height) / Math.max(1, ids.length);
  return ids.map((id, index) => [id, { x, y: 4 + room / 2 + index * (height + room), width, height }]);
}

interface LinkProps {
  link: LinkView;
  from: { x: number; y: number };
  to: { x: number; y: number };
  tier: string;
  ask: Ask | undefined;
}

const isDown = ({ condition, reachable }: LinkView) => condition === 'cut' || reachable === false;

function linkText({ roundTripMs, framesPerSecond, ...link }: LinkView): string {
  const flow = framesPerSecond ?? 0;
  return [stateText(link) || ms(roundTripMs), ...(flow > 0 ? [`${flow.toFixed(1)}/s`] : [])].join(' · ');
}

function stateText({
  reachable,
  fault,
  condition,
  ejection,
}: Pick<LinkView, 'reachable' | 'fault' | 'condition' | 'ejection'>): string {
  if (condition === 'cut') return 'cut';
  if (ejection !== null && fault === null) return 'ejected';
  if (reachable === false) return 'unreachable';
  return condition === 'weak' ? 'weak' : '';
}

/** Drawn above all lines, because they cross. */
function LinkLabel({ link, from }: Pick<LinkProps, 'link' | 'from'>): VNode {
  const text = linkText(link);
  return html`<g
    class=${`link label ${isDown(link) ? 'down' : ''}`}
    transform=${`translate(${from.x + 6} ${from.y})`}
  >
    <rect y="-8" width=${text.length * 6.3 + 8} height="16" rx="4" />
    <text x="4" y="4">${text}</text>
  </g>`;
}

function Link({ link, from, to, tier, ask }: LinkProps): VNode {
  const { deviceId, nodeId, reachable, framesPerSecond, condition } = link;
  const down = isDown(link);
  const flow = framesPerSecond ?? 0;
  const middle = (from.x + to.x) / 2;
  const path = `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  const text = linkText(link);
  const toggle = ask && condition !== null;
  const why = link.fault ? `: ${link.fault}` : '';
  const title = `${deviceId} to ${nodeId}: ${text}${why}${toggle ? (condition === 'cut' ? '. Click to restore' : '. Click to cut') : ''}`;
  return html`<g
    class=${`link ${tier} ${down ? 'down' : flow > 0 ? 'flowing' : 'idle'} ${condition === 'weak' ? 'weak' : ''} ${toggle ? 'clickable' : ''}`}
    data-link=${`${deviceId} ${nodeId}`}
    data-state=${down ? 'down' : 'up'}
    data-reachable=${reachable === null ? 'unknown' : String(reachable)}
    onClick=${toggle ? () => ask({ kind: 'link', deviceId, nodeId, condition: condition === 'cut' ? 'normal' : 'cut' }) : undefined}
  >
    <title>${title}</title>
    <path class="hit" d=${path} />
    <path class="line" d=${path} stroke-width=${down ? 1.5 : 1.5 + Math.min(6, flow * 0.9)} />
    ${!down && flow > 0 && html`<path class="pulse" d=${path} stroke-width=${1 + Math.min(3, flow * 0.5)} />`}
    ${down && html`<g class="cross" transform=${`translate(${middle} ${(from.y + to.y) / 2})`}><circle r="9" /><path d="M-4-4L4 4M4-4L-4 4" /></g>`}
  </g>`;
}

function Device({ device, box }: { device: DeviceView; box: Box }): VNode {
  const { id, answers, orchestrated, recent, planned, slowdown } = device;
  const { x, y, width, height } = box;
  const top = recent?.placements[0] ?? planned ?? undefined;
  const shares = ['device', 'edge', 'cloud'].map((tier) => ({
    tier,
    share: (recent?.placements ?? [])
      .filter((place) => place.tier === tier)
      .reduce((sum, { share }) => sum + share, 0),
  }));
  let at = 0;
  const inner = width - 24;
  return html`<g
    class=${`node device ${answers === false ? 'silent' : ''}`}
    data-device=${id}
    transform=${`translate(${x} ${y})`}
  >
    <title>${`${id}: ${shares.map(({ tier, share }) => `${percent(share, 0)} ${tier}`).join(', ')}`}</title>
    <rect class="box" width=${width} height=${height} rx="10" />
    <circle
      class=${`dot ${answers === false ? 'bad' : orchestrated ? 'good' : 'warn'}`}
      cx="16"
      cy="18"
      r="4.5"
    />
    <text class="name" x="27" y="22">${id}</text>
    ${slowdown !== null && slowdown > 1 && html`<text class="badge" x=${width - 12} y="22" text-anchor="end">${`${slowdown}× slower`}</text>`}
    <text class="small" x="12" y="39"
      >${top ? `${top.tier}${width > 150 ? ' · ' : ' '}${shortVariant(top.variant)}` : 'no plan yet'}</text
    >
    ${width > 150 && recent && (!slowdown || slowdown <= 1) && html`<text class="small" x=${width - 12} y="22" text-anchor="end">${ms(recent.meanMs)}</text>`}
    <rect class="track" x="12" y="46" width=${inner} height="5" rx="2.5" />
    ${shares.map(({ tier, share }) => {
      const left = 12 + at * inner;
      at += share;
      return (
        share > 0 &&
        html`<rect class=${`fill ${tier}`} x=${left} y="46" width=${share * inner} height="5" rx="2.5" />`
      );
    })}
  </g>`;
}

function Node({ node, box }: { node: NodeView; box: Box }): VNode {
  const { id, tier, liveness, draining, load, powerW } = node;
  const { x, y, width, height } = box;
  const inner = width - 28;
  return html`<g
    class=${`node ${tier} ${liveness === 'stale' ? 'silent' : ''}`}
    data-node=${id}
    transform=${`translate(${x} ${y})`}
  >
    <title>${`${id}: ${loadText(load)}`}</title>
    <rect class="box" width=${width} height=${height} rx="12" />
    <rect class=${`stripe fill ${tier}`} x=${width - 6} width="6" y="12" height=${height - 24} rx="3" />
    <circle
      class=${`dot ${liveness === 'live' ? 'good' : liveness === 'stale' ? 'bad' : 'warn'}`}
      cx="18"
      cy="21"
      r="4.5"
    />
    <text class="name" x="29" y="25">${id}</text>
    <text class="small" x="14" y="46"
      >${draining ? 'draining' : load ? `${load.inService} of ${load.slots} busy` : 'load unknown'}</text
    >
    <text class="small" x="14" y="63">${load ? waitingText(load, width > 150) : ''}</text>
    <rect class="track" x="14" y="73" width=${inner} height="6" rx="3" />
    <rect
      class=${`fill ${tier}`}
      x="14"
      y="73"
      width=${inner * Math.min(1, load?.utilization ?? 0)}
      height="6"
      rx="3"
    />
    <text class="small" x="14" y="94"
      >${load ? `${percent(load.utilization, 0)} used${powerW !== null && width > 150 ? ` · ${powerW.toFixed(0)} W` : ''}` : ''}</text
    >
  </g>`;
}

const waitingText = ({ queued, backlogMs }: LoadView, wide: boolean) =>
  queued > 0 ? `${queued} waiting${wide ? `, ${ms(backlogMs)}` : ''}` : 'none waiting';

const loadText = (load: LoadView | null) =>
  load
    ? `${load.inService} of ${load.slots} slots busy, ${load.queued} waiting, ${percent(load.utilization, 0)} used`
    : 'load unknown';

/** The picture in a sentence, for screen readers. */
function summary({ devices, nodes, links }: Snapshot): string {
  const down = links.filter(isDown);
  const parts = [
    `${devices.length} devices`,
    ...nodes.map(({ id, load }) => `${id}: ${loadText(load)}`),
    ...(down.length > 0
      ? [`down: ${down.map(({ deviceId, nodeId }) => `${deviceId} to ${nodeId}`).join(', ')}`]
      : []),
  ];
  return parts.join('; ');
}
