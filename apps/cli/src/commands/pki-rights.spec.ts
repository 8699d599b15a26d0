import { describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import rights from './pki-rights.ts';

const run = runOf(rights);

describe('weir pki rights', () => {
  it('prints who may call what', async () => {
    const text = (await run()).lines.join('');
    const row = (rpc: string) => text.split('\n').find((line) => line.includes(`${rpc} `))!;
    expect(row('PolicyService/Orchestrate').match(/own|cell|any|nodes|–/g)).toEqual([
      'own',
      ...Array<string>(6).fill('–'),
    ]);
    expect(row('PolicyService/SetLearner').match(/own|cell|any|nodes|–/g)).toEqual([
      '–',
      '–',
      'cell',
      '–',
      '–',
      '–',
      '–',
    ]);
    expect(text).toContain("own    what is the caller's own");
  });

  it('gives the same as a document', async () => {
    const { rights: rows } = JSON.parse((await run('--json')).lines.join('')) as {
      rights: { rpc: string; may: Record<string, string | null> }[];
    };
    expect(rows.find(({ rpc }) => rpc === 'weir.telemetry.v1.Telemetry/Report')?.may).toEqual({
      device: 'own',
      node: 'own',
      operator: null,
      policy: null,
      telemetry: null,
      console: null,
      anonymous: null,
    });
  });
});
