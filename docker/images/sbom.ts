import type { DebianPackage } from './debian.ts';
import type { LockedPackage } from './npm-packages.ts';

/**
 * What an image is made of, as CycloneDX 1.6 in JSON: without a time or a serial number, so that the same image has the
 * same list.
 */
export function sbomOf({
  name,
  version,
  npm,
  debian,
}: {
  readonly name: string;
  readonly version: string;
  readonly npm: readonly LockedPackage[];
  readonly debian: readonly DebianPackage[];
}) {
  const components = [...npm.map(npmComponent), ...debian.map(debianComponent)];
  const byPurl = new Map(components.map((component) => [component.purl, component]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'container',
        'bom-ref': name,
        name,
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: [...byPurl.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
}

function npmComponent({ name, version, license, integrity }: LockedPackage) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    hashes: [
      {
        alg: 'SHA-512',
        content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex'),
      },
    ],
    // Several licences are an expression.
    ...(license && { licenses: [{ expression: license }] }),
  };
}

function debianComponent({ name, version, architecture }: DebianPackage) {
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}
