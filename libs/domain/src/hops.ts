import type { HopTimes } from './outcome.ts';

// Without imports that run: the console's page gets this file as it stands, its types blanked out.

/** A part of the response time, as everything that shows it names and colours it. */
export interface Hop {
  readonly key: keyof HopTimes;
  readonly name: string;
  /** On light pages, and on dark ones. Okabe & Ito 2008: told apart with any kind of colour vision. */
  readonly light: string;
  readonly dark: string;
}

/** In the order in which they happen. */
export const hops: readonly Hop[] = [
  { key: 'agentMs', name: 'agent', light: '#8a8f96', dark: '#8d939a' },
  { key: 'uplinkMs', name: 'uplink', light: '#e69f00', dark: '#f0b429' },
  { key: 'queueMs', name: 'queue', light: '#d55e00', dark: '#ee7a24' },
  { key: 'decodeMs', name: 'decode', light: '#cc79a7', dark: '#d98fb8' },
  { key: 'computeMs', name: 'compute', light: '#0072b2', dark: '#2f95d8' },
  { key: 'downlinkMs', name: 'downlink', light: '#56b4e9', dark: '#8accf2' },
];

/** CSS: `--hop-agent` and so on. */
export const hopColours = (scheme: 'light' | 'dark'): string =>
  hops.map((hop) => `--hop-${hop.name}:${hop[scheme]};`).join('');
