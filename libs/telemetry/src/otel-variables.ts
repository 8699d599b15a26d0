import type { Logger } from '@weir/base';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value as it is to be read; undefined when it means nothing, with what would. */
type Rule = (text: string) => { readonly value?: string; readonly expected?: string };

const oneOf =
  (...words: readonly string[]): Rule =>
  (text) => {
    const word = text.toLowerCase();
    return words.includes(word) ? { value: word } : { expected: `one of ${words.join(', ')}` };
  };

/** Keeps the members that mean something. */
const listOf =
  (member: Rule): Rule =>
  (text) => {
    const members = text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
      .map(member);
    const value = members.flatMap((one) => one.value ?? []).join(',');
    const expected = members.find((one) => one.expected !== undefined)?.expected;
    return { ...(value && { value }), ...(expected !== undefined && { expected }) };
  };

const number =
  (least: number, most = Infinity): Rule =>
  (text) => {
    const value = Number(text);
    if (value >= least && value <= most) return { value: text };
    return { expected: most === Infinity ? `a number >= ${least}` : `a number ${least}..${most}` };
  };

/** gRPC takes HOST:PORT too. */
const endpoint: Rule = (text) => {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  return url && /^https?:$/.test(url.protocol) ? { value: text } : { expected: 'e.g. http://localhost:4317' };
};

const attribute: Rule = (text) => {
  try {
    const [name, value] = text.split(/=(.*)/s).map((part) => decodeURIComponent(part.trim()));
    if (name && value !== undefined) return { value: text };
  } catch {
    // A percent sign that escapes nothing.
  }
  return { expected: 'name=value, percent-encoded, separated by commas' };
};

const samplers = ['always_on', 'always_off', 'traceidratio'];

/** Source: OpenTelemetry, "Environment Variable Specification". */
const rules: readonly (readonly [RegExp, Rule])[] = [
  [/^OTEL_SDK_DISABLED$/, oneOf('true', 'false')],
  [/^OTEL_TRACES_EXPORTER$/, listOf(oneOf('otlp', 'console', 'none'))],
  [/^OTEL_METRICS_EXPORTER$/, listOf(oneOf('otlp', 'prometheus', 'console', 'none'))],
  [/^OTEL_TRACES_SAMPLER$/, oneOf(...samplers, ...samplers.map((name) => `parentbased_${name}`))],
  [/^OTEL_TRACES_SAMPLER_ARG$/, number(0, 1)],
  [/^OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?PROTOCOL$/, oneOf('grpc', 'http/protobuf', 'http/json')],
  [/^OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?COMPRESSION$/, oneOf('gzip', 'none')],
  [/^OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?ENDPOINT$/, endpoint],
  [/^OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?TIMEOUT$/, number(0)],
  [/^OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE$/, oneOf('cumulative', 'delta', 'lowmemory')],
  [/^OTEL_BSP_MAX_/, number(1)],
  [/^OTEL_BSP_(SCHEDULE_DELAY|EXPORT_TIMEOUT)$/, number(0)],
  [/^OTEL_METRIC_EXPORT_(INTERVAL|TIMEOUT)$/, number(1)],
  [/^OTEL_(\w+_)?LIMIT$/, number(0)],
  [/^OTEL_RESOURCE_ATTRIBUTES$/, listOf(attribute)],
  [/^OTEL_LOG_LEVEL$/, oneOf('none', 'error', 'warn', 'info', 'debug', 'verbose', 'all')],
];

/**
 * Makes the OTEL_* variables of `env` what they mean, in place, as the SDK reads process.env itself: blank ones are unset,
 * enumerations are lower-cased, and what means nothing is told and unset, so that its default holds. OTLP is spoken over
 * gRPC where no protocol is named.
 */
export function tidyVariables(env: Record<string, string | undefined>, logger: Logger): void {
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('OTEL_') || text === undefined) continue;
    const rule = rules.find(([names]) => names.test(name))?.[1];
    const { value, expected } = text.trim() === '' ? {} : (rule?.(text.trim()) ?? { value: text });
    if (expected !== undefined)
      logger.warn(
        { variable: name, value: text },
        `${name} is not as expected (${expected}): ${value === undefined ? 'the default holds' : `read as ${value}`}`,
      );
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  env.OTEL_EXPORTER_OTLP_PROTOCOL ??= 'grpc';
}

/**
 * Where a signal goes: the exporters named (OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER), or OTLP when an endpoint is
 * (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT). The specification's default, exporting to localhost
 * when nothing is said, would cost every run without a collector. `env`: tidied.
 */
export function exportersOf(env: Environment, signal: 'TRACES' | 'METRICS'): readonly string[] {
  if (env.OTEL_SDK_DISABLED === 'true') return [];
  const exporters = env[`OTEL_${signal}_EXPORTER`]?.split(',') ?? [];
  if (exporters.includes('none')) return [];
  // A Prometheus endpoint is asked for by `--metrics`: one port from the environment cannot serve several processes.
  if (exporters.length > 0) return exporters.filter((name) => name !== 'prometheus');
  const to = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return to === undefined ? [] : ['otlp'];
}
