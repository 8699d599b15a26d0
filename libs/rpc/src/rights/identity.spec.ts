import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { urisOf } from './alternative-names.ts';
import { identityOf, identityText, NoIdentity } from './identity.ts';

const at = (path: string) => `spiffe://weir/weir/${path}`;

describe('an identity', () => {
  it.each([
    [
      'cell/hall/device/camera-7',
      { role: 'device', name: 'camera-7', cellId: 'hall' },
      'device camera-7 of hall',
    ],
    ['cell/hall/node/edge%3A1', { role: 'node', name: 'edge:1', cellId: 'hall' }, 'node edge:1 of hall'],
    ['operator/ada', { role: 'operator', name: 'ada', cellId: undefined }, 'operator ada'],
    ['cell/hall/operator/ada', { role: 'operator', name: 'ada', cellId: 'hall' }, 'operator ada of hall'],
    ['service/policy', { role: 'policy', name: 'policy', cellId: undefined }, 'policy'],
    ['service/telemetry', { role: 'telemetry', name: 'telemetry', cellId: undefined }, 'telemetry'],
    ['service/console', { role: 'console', name: 'console', cellId: undefined }, 'console'],
  ])('is what %s says', (path, expected, text) => {
    const identity = identityOf([at(path)]);
    expect(identity).toEqual({ uri: at(path), trustDomain: 'weir', ...expected });
    expect(identityText(identity)).toBe(text);
  });

  it('may stand beside other names', () => {
    const uris = ['https://example.org', 'spiffe://weir/other/thing', at('operator/ada')];
    expect(identityOf(uris).name).toBe('ada');
  });

  it.each<[string, string[]]>([
    ['no name at all', []],
    ['names of others only', ['https://example.org/weir/operator/ada', 'spiffe://weir/weirdo/operator/ada']],
    ['two', [at('cell/c/device/a'), at('cell/c/device/b')]],
    ['one that is whole and one that is not', [at('operator/ada'), 'spiffe://weir/weir']],
    ['a device without a cell', [at('device/a')]],
    ['a service of a cell', [at('cell/c/service/policy')]],
    ['an unknown service', [at('service/device')]],
    ['an unknown kind', [at('cell/c/root/a')]],
    ['more behind it', [at('cell/c/device/a/b')]],
    ['nothing behind it', [at('cell/c/device/')]],
    ['two cells', [at('cell/c/cell/d/device/a')]],
    ['a slash in disguise', [at('cell/c/device/a%2Fb')]],
    ['a way up', [at('cell/../operator/a%20')]],
    ['half of an escape', [at('cell/c/device/a%2')]],
    ['bytes that are no text', [at('cell/c/device/%ff')]],
    ['a query', [at('operator/ada?x=1')]],
    ['a fragment', [at('operator/ada#x')]],
    ['a port', ['spiffe://weir:1/weir/operator/ada']],
    ['a user', ['spiffe://root@weir/weir/operator/ada']],
    ['no trust domain', ['spiffe:///weir/operator/ada']],
    ['upper case', ['SPIFFE://weir/weir/operator/ada']],
    ['a line break', [`${at('operator/ada')}\n`]],
    ['a name too long', [at(`operator/${'a'.repeat(129)}`)]],
  ])('is not in a certificate with %s', (_what, uris) => {
    expect(() => identityOf(uris)).toThrow(NoIdentity);
  });

  it('survives percent-encoding of its id, and nothing else is an id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        let segment: string;
        try {
          segment = encodeURIComponent(name);
        } catch {
          return;
        }
        const read = () => identityOf([at(`cell/c/device/${segment}`)]).name;
        if (/^[\w.:-]{1,128}$/.test(name)) expect(read()).toBe(name);
        else expect(read).toThrow(NoIdentity);
      }),
    );
  });
});

describe('URIs of a certificate', () => {
  it.each([
    ['', []],
    ['DNS:localhost, IP Address:127.0.0.1', []],
    ['URI:spiffe://a/b, DNS:localhost, URI:https://c', ['spiffe://a/b', 'https://c']],
    // What Node writes of a name that would look like several.
    ['DNS:"a, URI:spiffe://weir/weir/operator/eve", URI:x', ['x']],
    ['URI:"spiffe://weir/a,b\\"c"', ['spiffe://weir/a,b"c']],
  ])('of %j are %j', (text, uris) => {
    expect(urisOf(text)).toEqual(uris);
  });

  it.each(['URI:a,URI:b', 'URI:a, ', 'nothing', 'URI:"a', 'URI:a"b'])('are not read from %j', (text) => {
    expect(urisOf(text)).toBeUndefined();
  });
});
