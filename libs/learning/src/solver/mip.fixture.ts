import loadHighs from 'highs';
import type { AssignmentProblem } from './problem.ts';

// Its types describe the CommonJS build, whose exports hold the loader as `default`.
const highs = await (loadHighs as unknown as typeof loadHighs.default)();

/**
 * Least cost of an assignment by a solver that shares nothing with this folder: HiGHS, on the textbook mixed-integer
 * program. Binaries: a device's choice (own processor and variant, or node, variant and count), and each node's count.
 * Undefined when no assignment meets the constraints.
 */
export function optimumByMip({ local, nodes, remote }: AssignmentProblem): number | undefined {
  const objective: string[] = [];
  const floor: string[] = [];
  const rows: string[] = [];
  const binaries: string[] = [];
  const signed = (value: number, name: string) => `${value < 0 ? '-' : '+'} ${Math.abs(value)} ${name}`;
  const choice = (name: string, cost: number, surplus: number) => {
    binaries.push(name);
    objective.push(signed(cost, name));
    floor.push(signed(surplus, name));
    return name;
  };
  const onNode = new Map<string, string[]>();

  local.forEach((own, device) => {
    const all = own.map(({ cost, surplus }, at) => choice(`own_${device}_${at}`, cost, surplus));
    remote[device]!.forEach((access, node) => {
      if (!access) return;
      const { capacity, ms } = nodes[node]!;
      for (let count = 1; count <= capacity; count++) {
        const key = `${node}_${count}`;
        const here: string[] = [];
        for (const { variant, surplus, extra } of access.options) {
          const waitMs = ms[variant * (capacity + 1) + count]!;
          if (waitMs > access.limitMs) continue;
          const cost = access.offset + access.weight * waitMs + extra;
          here.push(choice(`at_${device}_${key}_${variant}`, cost, surplus));
        }
        // A device's place at a count exists only where the node has that count.
        if (here.length > 0) rows.push(`${here.join(' + ')} - is_${key} <= 0`);
        onNode.set(key, [...(onNode.get(key) ?? []), ...here]);
        all.push(...here);
      }
    });
    rows.push(all.length > 0 ? `${all.join(' + ')} = 1` : `0 none = 1`);
  });
  nodes.forEach(({ capacity }, node) => {
    const counts: string[] = [];
    for (let count = 0; count <= capacity; count++) {
      const key = `${node}_${count}`;
      counts.push(`is_${key}`);
      const devices = onNode.get(key) ?? [];
      if (count > 0) rows.push(`${[...devices, `0 none`].join(' + ')} - ${count} is_${key} = 0`);
    }
    binaries.push(...counts);
    rows.push(`${counts.join(' + ')} = 1`);
  });

  const solved = highs.solve(
    [
      'Minimize',
      objective.join('\n '),
      'Subject To',
      ...[...rows, `${floor.join('\n ')} >= 0`],
      'Bounds',
      'none = 0',
      'Binary',
      binaries.join('\n '),
      'End',
    ].join('\n '),
    { mip_rel_gap: 1e-7, mip_abs_gap: 1e-7, output_flag: false },
  );
  if (solved.Status === 'Infeasible') return undefined;
  if (solved.Status !== 'Optimal') throw new Error(`HiGHS ended with ${solved.Status}`);
  return solved.ObjectiveValue;
}
