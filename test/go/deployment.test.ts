import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { root } from '../support/document.ts';

/** The code of Kubernetes, Kustomize and Compose themselves. */
const deployment = (...argv: string[]) =>
  execFileSync(process.env.WEIR_DEPLOYMENT!, argv, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } };
  };
}
interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

describe.each([
  ['cloud', ['policy-service', 'telemetry', 'console', 'inference-worker'], 'cloud'],
  ['edge', ['inference-worker'], 'edge'],
])('the overlay %s', (overlay, programs, tier) => {
  const resources = () =>
    parseAllDocuments(deployment('kubernetes', `docker/kubernetes/${overlay}`)).map(
      (document) => document.toJS() as Resource,
    );

  it('is of objects that Kubernetes knows, each field of them, in one namespace', () => {
    const kinds = resources();
    for (const { kind, metadata } of kinds) if (kind !== 'Namespace') expect(metadata.namespace).toBe('weir');
    expect(kinds.some(({ kind }) => kind === 'NetworkPolicy')).toBe(true);
  });

  it('runs the images of its programs, with the worker in its tier', () => {
    const containers = resources().flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
    expect(containers.map(({ image }) => image).sort()).toEqual(
      programs.map((program) => `weir-${program}:0.1.0`).sort(),
    );
    const worker = containers.find(({ image }) => image.includes('worker'))!;
    expect(worker.env).toContainEqual({ name: 'WEIR_TIER', value: tier });
  });
});

describe('the composition', () => {
  it('is one that Compose loads: a cell, what watches it, and what it may learn into', () => {
    const cell = ['cloud-1', 'console', 'device-1', 'device-2', 'device-3', 'edge-1', 'policy', 'telemetry'];
    expect(deployment('compose', 'docker/compose.yaml', 'none').trim().split('\n')).toEqual(cell);
    expect(deployment('compose', 'docker/compose.yaml', 'observability').trim().split('\n')).toEqual(
      [...cell, 'collector', 'grafana', 'jaeger', 'prometheus'].sort(),
    );
    expect(deployment('compose', 'docker/compose.yaml', 'nats').trim().split('\n')).toEqual(
      [...cell, 'nats'].sort(),
    );
  });
});
