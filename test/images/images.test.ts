import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nameOf } from '../../docker/images/image.ts';
import { services } from '../../docker/images/services.ts';
import { readLayout } from '../support/oci-layout.ts';

const images = process.env.WEIR_IMAGES!;
const mostBytes = (program: string) => (/agent|worker/.test(program) ? 220e6 : 150e6);

describe.each(services)('the image of $program', (service) => {
  const name = nameOf(service);

  it('is valid for both platforms, and has programs of its own platform only, and the licences of what it holds', () => {
    const layout = readLayout(join(images, name));
    expect([...layout.images.keys()]).toEqual(['amd64', 'arm64']);
    for (const [each, { layers }] of layout.images) {
      const unpackedBytes = layers.reduce((sum, { length }) => sum + length, 0);
      expect(unpackedBytes).toBeLessThan(mostBytes(service.program));
      const machines = new Set(layers.flatMap(machinesIn));
      expect([...machines]).toEqual([each === 'amd64' ? 62 : 183]);
      expect(layers.some((layer) => layer.includes('opt/weir/THIRD-PARTY-LICENSES.txt'))).toBe(true);
    }
  });

  it.each(['amd64', 'arm64'])('has a list of what is in it on %s', (each) => {
    const sbom = JSON.parse(readFileSync(join(images, `${name}.${each}.cdx.json`), 'utf8')) as {
      components: { purl: string; licenses?: { expression: string }[] }[];
    };
    for (const { purl, licenses } of sbom.components)
      if (purl.startsWith('pkg:npm/')) expect({ purl, licenses }).toMatchObject({ licenses: [{}] });
    const purls = sbom.components.map(({ purl }) => purl);
    const cpu = each === 'amd64' ? 'x64' : 'arm64';
    expect(purls).toContainEqual(expect.stringMatching(/^pkg:deb\/debian\/libc6@/));
    expect(purls).toContainEqual(expect.stringMatching(`^pkg:npm/node-linux-${cpu}@`));
    expect(purls).toContainEqual(expect.stringMatching(/^pkg:npm\/%40grpc\/grpc-js@/));
    const native = purls.filter((purl) => purl.startsWith('pkg:npm/onnxruntime-node@'));
    expect(native).toHaveLength(/agent|worker/.test(service.program) ? 1 : 0);
  });
});

/** Machines (ELF's e_machine) that programs in a tar archive are made for. */
function machinesIn(tar: Buffer): number[] {
  const machines = [];
  for (let at = tar.indexOf('\x7fELF'); at >= 0; at = tar.indexOf('\x7fELF', at + 1))
    // A file begins behind its header.
    if (tar.subarray(at - 255, at - 250).equals(Buffer.from('ustar')))
      machines.push(tar.readUInt16LE(at + 18));
  return machines;
}
