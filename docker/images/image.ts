import { home } from './contents.ts';
import { user } from './debian.ts';
import type { Layer } from './layer.ts';
import type { Platform } from './platform.ts';
import type { Service } from './services.ts';

const second = 1e9;

/** What is known of a release. */
export interface Release {
  readonly version: string;
  /** Of the sources; absent where there is no repository. */
  readonly revision?: string | undefined;
  /** When they were committed, ISO 8601. */
  readonly created: string;
}

export const nameOf = ({ program }: Service): string => `weir-${program}`;

export const labelsOf = (
  service: Service,
  { version, revision, created }: Release,
): Record<string, string> => ({
  'org.opencontainers.image.title': nameOf(service),
  'org.opencontainers.image.description': service.title,
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.licenses': 'Apache-2.0',
  'org.opencontainers.image.created': created,
  ...(revision && { 'org.opencontainers.image.revision': revision }),
});

export const entrypointOf = ({ program, nodeFlags = [] }: Service): string[] => [
  '/usr/bin/node',
  ...nodeFlags,
  `/${home}/${program}.js`,
];

export const healthCommandOf = ({ healthFlags = [] }: Service): string[] => [
  '/usr/bin/node',
  `/${home}/health.js`,
  ...healthFlags,
];

export const environmentOf = ({ port, environment = {} }: Service): string[] =>
  Object.entries({ PATH: '/usr/bin', WEIR_LISTEN: `0.0.0.0:${port}`, ...environment }).map(
    ([name, value]) => `${name}=${value}`,
  );

/** The configuration of an image, with Docker's health check, which OCI has no field for and others pass over. */
export function configOf(
  service: Service,
  { platform, release, layers }: { platform: Platform; release: Release; layers: readonly Layer[] },
): object {
  return {
    created: release.created,
    architecture: platform.architecture,
    os: 'linux',
    config: {
      User: `${user}:${user}`,
      ExposedPorts: { [`${service.port}/tcp`]: {} },
      Env: environmentOf(service),
      Entrypoint: entrypointOf(service),
      WorkingDir: '/',
      Labels: labelsOf(service, release),
      StopSignal: 'SIGTERM',
      ...(service.program === 'policy-service' && { Volumes: { '/var/lib/weir': {} } }),
      Healthcheck: {
        Test: ['CMD', ...healthCommandOf(service)],
        Interval: 30 * second,
        Timeout: 5 * second,
        StartPeriod: 30 * second,
        Retries: 3,
      },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created: release.created, created_by: 'npm run images' })),
  };
}
