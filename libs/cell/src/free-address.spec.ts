import { once } from 'node:events';
import { createServer } from 'node:net';
import { seededRandom, splitHostPort } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { AddressClaims } from './free-address.ts';

/** Random numbers that are the same for all who ask. */
const sameChoice = () => {
  const seed = Math.floor(Math.random() * 1e6);
  return () => seededRandom(seed).uniform;
};

describe('AddressClaims', () => {
  it('keep clear of the ports of outgoing connections', async () => {
    using claims = new AddressClaims();
    const { port } = splitHostPort(await claims.claim());
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(32_000);
  });

  it('give nobody an address that another one has claimed, before anything is served there and until they end', async () => {
    const choice = sameChoice();
    using others = new AddressClaims(choice());
    let first: string;
    {
      using claims = new AddressClaims(choice());
      first = await claims.claim();
      expect(await others.claim()).not.toBe(first);
    }
    using later = new AddressClaims(choice());
    expect(await later.claim()).toBe(first);
  });

  it('pass over a port that something serves on, and do not hold it', async () => {
    const choice = sameChoice();
    let address: string;
    {
      using before = new AddressClaims(choice());
      address = await before.claim();
    }
    const server = createServer().listen(splitHostPort(address));
    await once(server, 'listening');
    using claims = new AddressClaims(choice());
    expect(await claims.claim()).not.toBe(address);
    server.close();
    await once(server, 'close');
    using later = new AddressClaims(choice());
    expect(await later.claim()).toBe(address);
  });
});
