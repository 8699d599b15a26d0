/** A platform that images are made for, as OCI and Debian call it, and as npm does. */
export interface Platform {
  readonly architecture: 'amd64' | 'arm64';
  readonly cpu: 'x64' | 'arm64';
}

export const platforms: readonly Platform[] = [
  { architecture: 'amd64', cpu: 'x64' },
  { architecture: 'arm64', cpu: 'arm64' },
];
