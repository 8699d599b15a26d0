import { FakeClock, type Logger, silentLogger } from '@weir/base';
import type { TargetAddress } from '@weir/wire';
import { describe, expect, it } from 'vitest';
import { DiscoveredTargets } from './discovered-targets.ts';

const at = (nodeId: string, address = `${nodeId}:7200`): TargetAddress => ({ nodeId, tier: 'edge', address });

function start({ taken = [], most = 8 }: { taken?: string[]; most?: number } = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const changes: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_, message) => void told.push(message) };
  /** All that were ever connected, with what their streams say. */
  const links: { address: string; target: { reachable: boolean; inFlight: number }; is: string }[] = [];
  const discovered = new DiscoveredTargets({
    use({ address }) {
      const link = { address, target: { reachable: true, inFlight: 0 }, is: 'used' };
      links.push(link);
      return {
        target: link.target,
        leave: () => void (link.is = 'left'),
        async [Symbol.asyncDispose]() {
          link.is = 'closed';
        },
      };
    },
    taken: new Set(taken),
    most,
    clock,
    logger,
    onChange: () => void changes.push(links.map(({ address, is }) => `${address} ${is}`).join(', ')),
  });
  return {
    clock,
    discovered,
    told,
    changes,
    links,
    used: () => links.filter(({ is }) => is === 'used').map(({ address }) => address),
  };
}

describe('discovered targets', () => {
  it('are used as they are listed, whatever comes later', () => {
    const { discovered, used, changes } = start();
    discovered.take([at('edge-1')]);
    discovered.take([at('edge-1'), at('edge-2')]);
    discovered.take([at('edge-2'), at('edge-1')]);
    expect(used()).toEqual(['edge-1:7200', 'edge-2:7200']);
    expect(changes).toHaveLength(2);
  });

  it('leave those that are named already alone', () => {
    const { discovered, used } = start({ taken: ['edge-1', 'camera-7'] });
    discovered.take([at('edge-1'), at('camera-7'), at('edge-2')]);
    expect(used()).toEqual(['edge-2:7200']);
  });

  it('stay while they answer, though nobody lists them any more', () => {
    const { clock, discovered, used, changes } = start();
    discovered.take([at('edge-1')]);
    discovered.take([]);
    clock.advance(60_000);
    expect(used()).toEqual(['edge-1:7200']);
    expect(changes).toHaveLength(1);
  });

  it('stay while they are listed, though they do not answer', () => {
    const { clock, discovered, links, used } = start();
    discovered.take([at('edge-1')]);
    links[0]!.target.reachable = false;
    clock.advance(60_000);
    expect(used()).toEqual(['edge-1:7200']);
  });

  it('are dropped once they are neither listed nor answer, and owe no answer: a drain loses nothing', async () => {
    const { clock, discovered, links, changes } = start();
    discovered.take([at('edge-1')]);
    // It drains: it takes nothing new and works off what it has.
    Object.assign(links[0]!.target, { reachable: false, inFlight: 2 });
    discovered.take([]);
    clock.advance(10_000);
    expect(links[0]!.is).toBe('used');
    links[0]!.target.inFlight = 0;
    clock.advance(1_000);
    expect(links[0]!.is).toBe('closed');
    expect(changes.at(-1)).toBe('edge-1:7200 closed');
  });

  it('move to a new address at once, and wait for what is in flight at the old one', async () => {
    const { clock, discovered, links, used } = start();
    discovered.take([at('edge-1', 'old:1')]);
    links[0]!.target.inFlight = 1;
    discovered.take([at('edge-1', 'new:1')]);
    expect(used()).toEqual(['new:1']);
    expect(links[0]!.is).toBe('left');
    clock.advance(29_000);
    expect(links[0]!.is).toBe('left');
    clock.advance(2_000);
    expect(links[0]!.is).toBe('closed');
  });

  it('are bounded, which is told once; the place of one that has gone is free', () => {
    const { discovered, links, told, used } = start({ most: 2 });
    for (let n = 0; n < 3; n++) discovered.take([at('edge-1'), at('edge-2'), at('edge-3')]);
    expect(used()).toEqual(['edge-1:7200', 'edge-2:7200']);
    expect(told).toEqual(['there are more workers than a device uses']);
    links[0]!.target.reachable = false;
    discovered.take([at('edge-2'), at('edge-3')]);
    expect(used()).toEqual(['edge-2:7200', 'edge-3:7200']);
  });

  it('all close at the end', async () => {
    const { discovered, links } = start();
    discovered.take([at('edge-1'), at('edge-2', 'old:1')]);
    links[1]!.target.inFlight = 1;
    discovered.take([at('edge-1'), at('edge-2', 'new:1')]);
    await discovered[Symbol.asyncDispose]();
    expect(links.map(({ is }) => is)).toEqual(['closed', 'closed', 'closed']);
  });
});
