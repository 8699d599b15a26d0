import { type ConfigError, HelpRequested } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { route } from './route.ts';

const entry = (summary: string) => ({ summary, load: () => Promise.reject(new Error('not loaded here')) });
const commands = {
  up: entry('A whole cell.'),
  'models list': entry('The family.'),
  'models verify': entry('Measures again.'),
};
const fault = (argv: string[]) => {
  try {
    route(argv, commands);
    return undefined;
  } catch (error) {
    return (error as ConfigError).violations[0];
  }
};

describe('route', () => {
  it('finds commands and subcommands and leaves the rest to them', () => {
    expect(route(['up', '--devices', '3'], commands)).toEqual({
      entry: commands.up,
      argv: ['--devices', '3'],
    });
    expect(route(['models', 'verify', '--json'], commands)).toEqual({
      entry: commands['models verify'],
      argv: ['--json'],
    });
  });

  it.each([[[]], [['--help']], [['-h']], [['help']]])('teaches with %j', (argv) => {
    expect(() => route(argv, commands)).toThrow(HelpRequested);
    expect(() => route(argv, commands)).toThrow(/models verify {2}Measures again/);
  });

  it('lists a group', () => {
    expect(() => route(['models', '--help'], commands)).toThrow(HelpRequested);
  });

  it.each([
    [['upp'], 'upp', 'did you mean "weir up"?'],
    [['models'], 'models', 'there are: models list, models verify'],
    [['models', 'lst'], 'models lst', 'did you mean "weir models list"?'],
    [['destroy-everything'], 'destroy-everything', 'there are: up, models list, models verify'],
  ])('suggests what was meant by %j', (argv, field, advice) => {
    expect(fault(argv)?.field).toBe(field);
    expect(fault(argv)?.description).toContain(advice);
  });
});
