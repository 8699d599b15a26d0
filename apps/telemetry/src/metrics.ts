import type { Meter } from '@weir/telemetry';

/** Figures of Telemetry; names, units and labels are described in docs/metrics.md. */
export interface TelemetryMetrics {
  reported(): void;
  refused(status: string): void;
  /** Gauges show this from now on. */
  watch(counts: () => { readonly live: number; readonly stale: number; readonly watches: number }): void;
}

export function createTelemetryMetrics(meter: Meter): TelemetryMetrics {
  const reports = meter.createCounter('weir.reports', {
    unit: '{report}',
    description: 'Reports of nodes taken.',
  });
  const refused = meter.createCounter('weir.reports.refused', {
    unit: '{report}',
    description: 'Reports refused, by gRPC status; each ends its stream.',
  });
  return {
    reported: () => reports.add(1),
    refused: (status) => refused.add(1, { 'error.type': status }),
    watch(counts) {
      meter
        .createObservableGauge('weir.nodes', {
          unit: '{node}',
          description: 'Reporting nodes, by liveness.',
        })
        .addCallback((result) => {
          const { live, stale } = counts();
          result.observe(live, { 'weir.liveness': 'live' });
          result.observe(stale, { 'weir.liveness': 'stale' });
        });
      meter
        .createObservableGauge('weir.watches', { unit: '{watch}', description: 'Open watches of cells.' })
        .addCallback((result) => result.observe(counts().watches));
    },
  };
}
