import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigSpec, loadConfig } from '@weir/base';
import { commands } from '@weir/cli';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configSpec as console } from '@weir/console';
import { configSpec as deviceAgent } from '@weir/device-agent';
import { configSpec as inferenceWorker } from '@weir/inference-worker';
import { configSpec as policyService } from '@weir/policy-service';
import { configSpec as telemetry } from '@weir/telemetry-service';
import { environmentOf, entrypointOf, healthCommandOf, nameOf } from '../docker/images/image.ts';
import { type Service, services } from '../docker/images/services.ts';
import { root } from './support/document.ts';

const read = (path: string) => readFileSync(join(root, 'docker', path), 'utf8');

const specs = {
  'device-agent': deviceAgent,
  'inference-worker': inferenceWorker,
  'policy-service': policyService,
  telemetry,
  console,
} as unknown as Readonly<Record<string, ConfigSpec<never>>>;

/** What a service makes of variables; throws where it would refuse to start. */
const configured = (program: string, argv: readonly string[], env: Record<string, string> = {}) =>
  loadConfig(specs[program]!, { argv, env }) as unknown as { listen: string };

const check = async (argv: readonly string[]) => {
  const { spec } = (await commands.health!.load()).default;
  return loadConfig(spec, { argv, env: { WEIR_LISTEN: '127.0.0.1:7000' } });
};

describe.each(services)('$program', (service) => {
  const { program } = service;
  const { unit, stages } = {
    unit: read(`systemd/weir-${program}.service`),
    stages: stagesOf(read('Dockerfile')),
  };

  it('is one stage of the Dockerfile, with the settings that npm run images gives', () => {
    const stage = stages.get(nameOf(service))!;
    const environment = /^ENV (.*)$/m.exec(stage)![1]!.split(' ');
    expect(environment).toEqual(environmentOf(service));
    expect(JSON.parse(/^ENTRYPOINT (.*)$/m.exec(stage)![1]!)).toEqual(entrypointOf(service));
    expect(JSON.parse(/^HEALTHCHECK .* CMD (.*)$/m.exec(stage)![1]!)).toEqual(healthCommandOf(service));
    expect(stage).toContain('USER 65532:65532');
    expect(stage).toContain(`EXPOSE ${service.port}`);
    expect(stage).toContain(`description="${service.title}"`);
  });

  it('is a unit that starts the same program, and waits until it serves', async () => {
    const [node, ...words] = /^ExecStart=(.*)$/m.exec(unit)![1]!.split(' ');
    expect([node, ...words]).toEqual(['/opt/weir/node', ...entrypointOf(service).slice(1)]);
    const health = /^ExecStartPost=(.*)$/m.exec(unit)![1]!.split(' ');
    expect(health.slice(0, 2)).toEqual(['/opt/weir/node', '/opt/weir/health.js']);
    expect(await check(health.slice(2))).toMatchObject({ waitMs: 60_000, page: program === 'console' });
  });

  it('is a unit with an example of its configuration, that the program takes', () => {
    const file = `systemd/etc/${program}.yaml`;
    expect(unit).toContain(`WEIR_CONFIG=/etc/weir/${program}.yaml`);
    const config = configured(program, ['--config', join(root, 'docker', file)]);
    expect(config.listen).toMatch(new RegExp(`:${service.port}$`));
  });
});

/** Stages of a Dockerfile by name. */
function stagesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split(/^FROM /m)
      .slice(1)
      .map((stage) => [/ AS (\S+)/.exec(stage)![1]!, stage]),
  );
}

describe('the Dockerfile', () => {
  it('names no base that nobody has checked', () => {
    const bases = [...read('Dockerfile').matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(new Set(['${DEBIAN}', 'scratch']));
  });
});

interface Composed {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

describe('the composition', () => {
  const { services: composed } = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, Composed>;
  };
  const serviceOf = ({ image }: Composed): Service | undefined =>
    services.find((service) => image.startsWith(`${nameOf(service)}:`));
  const own = Object.entries(composed).filter(([, each]) => serviceOf(each));

  it.each(own)('%s is started with what its program takes, and checked as its image is', (_, each) => {
    const service = serviceOf(each)!;
    const given = Object.fromEntries(
      Object.entries(each.environment ?? {}).map(([name, value]) => [
        name,
        // ${NAME:-default}, ${NAME-default} and ${NAME:+instead}, of variables that are not set.
        value.replace(/\$\{\w+:?-(.*)\}/, '$1').replace(/\$\{\w+:\+.*\}/, ''),
      ]),
    );
    configured(service.program, [], { WEIR_LISTEN: `0.0.0.0:${service.port}`, ...given });
    expect(each.healthcheck?.test).toEqual(['CMD', ...healthCommandOf(service)]);
  });

  it('is watched whole by Prometheus', () => {
    const targets = (JSON.parse(read('compose/targets.json')) as { targets: [string] }[]).map(
      ({ targets: [address] }) => address.split(':')[0],
    );
    expect(targets.sort()).toEqual(
      own
        .map(([name]) => name)
        .filter((name) => name !== 'console')
        .sort(),
    );
  });
});

describe('Kubernetes', () => {
  it('gives each container what its program takes, and the health check of its image', () => {
    const files = ['control', 'worker'].flatMap((folder) =>
      readdirSync(join(root, 'docker/kubernetes', folder)).map((file) => `kubernetes/${folder}/${file}`),
    );
    const checked = [];
    for (const file of files)
      for (const text of read(file).split(/^---$/m)) {
        const { spec } = parse(text) as { spec?: { template?: { spec: { containers: Container[] } } } };
        for (const container of spec?.template?.spec.containers ?? []) {
          const service = services.find((each) => nameOf(each) === container.image)!;
          const given = container.env.flatMap(({ name, value }) =>
            value === undefined ? [] : [[name, value]],
          );
          configured(service.program, [], {
            WEIR_LISTEN: `0.0.0.0:${service.port}`,
            ...(Object.fromEntries(given) as Record<string, string>),
          });
          expect(container.readinessProbe.exec.command).toEqual(healthCommandOf(service));
          expect(container.ports[0].containerPort).toBe(service.port);
          checked.push(service.program);
        }
      }
    expect(checked.sort()).toEqual(['console', 'inference-worker', 'policy-service', 'telemetry']);
  });
});

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly [{ readonly containerPort: number }];
  readonly readinessProbe: { readonly exec: { readonly command: readonly string[] } };
}
