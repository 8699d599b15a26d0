import { silentLogger } from '@weir/base';
import { exampleCell, type RunningCell, startCell } from '@weir/cell';
import { agent } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTraffic } from '../support/traffic.ts';
import { eventually } from './support/eventually.ts';
import { type Prometheus, startPrometheus } from './support/prometheus.ts';

const docker = fileURLToPath(new URL('../../docker/', import.meta.url));
const promtool = (args: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: docker, input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
};

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}
const dashboard = JSON.parse(readFileSync(`${docker}grafana/weir-dashboard.json`, 'utf8')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(
    ({ expr }) => [title, expr.replaceAll('$cell', '.+').replaceAll('$__rate_interval', '1m')] as const,
  ),
);

describe('the files of docker/', () => {
  it.each([
    ['check', 'rules', 'prometheus-rules.yml'],
    ['check', 'config', '--syntax-only', 'prometheus.yml'],
    ['test', 'rules', 'prometheus-rules.test.yml'],
  ])('pass promtool %s %s', (...args) => {
    const { status, output } = promtool(args);
    expect(output).toMatch(/SUCCESS/);
    expect(status).toBe(0);
  });
});

/** Real processes of a whole cell, scraped by a real Prometheus. */
describe('metrics of a living cell', () => {
  let cell: RunningCell;
  let prometheus: Prometheus;
  let answers = 0;

  beforeAll(async () => {
    cell = await startCell(exampleCell({ devices: 2, accuracyFloor: 0.5 }), {
      logger: silentLogger,
      metrics: true,
    });
    prometheus = await startPrometheus(cell);
    await eventually('all targets up', async () => {
      const states = Object.values(await prometheus.targets());
      return states.length === cell.metrics.length && states.every((state) => state === 'up')
        ? true
        : undefined;
    });
    await using traffic = await startTraffic(cell, { rate: 5, timeoutMs: 10_000 });
    await traffic.until('frames at both devices', () => traffic.answers.length >= 60);
    // What must not pass unseen: a worker that dies, and a picture that is none.
    cell.kill('edge-1', 'SIGKILL');
    const lost = () => traffic.answers.some(({ failedAttempts }) => failedAttempts.length > 0);
    await Promise.race([
      traffic.until('a frame that turned elsewhere', lost, { withinMs: 20_000 }).catch(() => {}),
      eventually('edge-1 is back', async () => (cell.restarts()['edge-1'] === 1 ? true : undefined)),
    ]);
    await eventually('edge-1 is back', async () => (cell.restarts()['edge-1'] === 1 ? true : undefined));
    await sendNonsense(cell.devices[0]!.address);
    await traffic.until('frames after that', () => traffic.answers.length >= 150, { withinMs: 60_000 });
    await traffic[Symbol.asyncDispose]();
    expect(traffic.failures).toEqual([]);
    answers = traffic.answers.length;
    await eventually('the last frames scraped', async () => {
      const [total] = await prometheus.query('sum(weir_frames_total)');
      return total?.value === answers ? true : undefined;
    });
  }, 240_000);

  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await cell?.[Symbol.asyncDispose]();
  });

  const one = async (expression: string) => {
    const samples = await prometheus.query(expression);
    expect(samples, expression).toHaveLength(1);
    return samples[0]!.value;
  };

  it('are served by every service', async () => {
    const names = ['telemetry', 'policy', 'edge-1', 'cloud-1', 'device-1', 'device-2'];
    expect(Object.keys(await prometheus.targets()).sort()).toEqual(names.sort());
    const services = await prometheus.query('count by (service_name) (process_cpu_time_seconds_total)');
    expect(services.map(({ labels }) => labels.service_name).sort()).toEqual([
      'device-agent',
      'inference-worker',
      'policy-service',
      'telemetry',
    ]);
  });

  it('follow the naming rules of Prometheus', async () => {
    for (const { process, address } of cell.metrics) {
      const text = await (await fetch(`http://${address}/metrics`)).text();
      const { output, status } = promtool(['check', 'metrics'], text);
      expect({ process, output, status }).toEqual({ process, output: '', status: 0 });
    }
  });

  it('agree with what the applications saw, and hops with response times', async () => {
    expect(await one('sum(weir_response_duration_seconds_count)')).toBe(answers);
    await eventually('all learned from', async () => {
      const [learned] = await prometheus.query('sum(weir_learner_interactions_total)');
      return learned && learned.value >= answers ? true : undefined;
    });
    const responseS = await one('sum(weir_response_duration_seconds_sum)');
    const hopsS = await one('sum(weir_hop_duration_seconds_sum)');
    expect(Math.abs(hopsS - responseS)).toBeLessThan(0.01 * responseS);
    expect(await one('sum(weir_outcome_lag_seconds_count)')).toBeGreaterThanOrEqual(answers);
    expect(await one('sum(weir_frames_in_flight)')).toBe(0);
  });

  it('tell of drops, of a worker that died, and of streams that were opened again', async () => {
    expect(await one('sum(weir_frames_dropped_total{error_type="INVALID_ARGUMENT"})')).toBe(1);
    expect(
      await one('sum(weir_stream_reconnects_total{weir_peer="worker",weir_peer_id="edge-1"})'),
    ).toBeGreaterThan(0);
    expect(await one('sum(weir_stream_reconnects_total{weir_peer="policy"})')).toBe(0);
  });

  it('keep the floor in sight', async () => {
    const slacks = await prometheus.query('weir_floor_slack_ratio');
    expect(slacks.map(({ labels }) => labels.weir_node_id).sort()).toEqual(['device-1', 'device-2']);
    for (const { value } of slacks) expect(value).toBeGreaterThan(-0.05);
    for (const { value } of await prometheus.query('weir_accuracy_floor_ratio')) expect(value).toBe(0.5);
  });

  it('are bounded in their number', async () => {
    expect(await one('count({job="weir"})')).toBeLessThan(6_000);
  });

  /** Nothing is known before the first truth or audit, and nothing corrected where pictures are as they should be. */
  const mayBeEmpty = /weir_accuracy_(promised|measured|lower_bound|loss_factor)_ratio/;

  it.each(queries.filter(([, expression]) => !mayBeEmpty.test(expression)))(
    'fill the panel "%s": %s',
    async (_, expression) => {
      expect((await prometheus.query(expression)).length).toBeGreaterThan(0);
    },
  );

  it('are what the rules evaluate', async () => {
    const rules = await eventually('rules evaluated', async () => {
      const all = await prometheus.rules();
      return all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it('are all that the rules name', async () => {
    // A rule over a metric that there is not evaluates to nothing, and never fires.
    const named = (await prometheus.rules()).flatMap(
      ({ query }) =>
        query
          .replaceAll(/\{[^}]*\}|\b(?:by|on|ignoring|group_left|without) ?\([^)]*\)/g, '')
          .match(/\bweir[_:][a-z0-9_:]+/g) ?? [],
    );
    expect(named).toContain('weir_floor_slack_ratio');
    for (const name of new Set(named)) expect((await prometheus.query(name)).length, name).toBeGreaterThan(0);
  });
});

async function sendNonsense(address: string): Promise<void> {
  await using connection = connect(address);
  const client = connection.client(agent.DeviceAgentClient);
  const request = {
    requestId: 'nonsense',
    input: { content: { $case: 'encodedImage' as const, value: Buffer.from('not a picture') } },
    timeoutMs: 5_000,
    trace: undefined,
    wantOutputs: false,
  };
  await expect(callUnary(client, client.infer, request, { timeoutMs: 5_000 })).rejects.toThrow();
}
