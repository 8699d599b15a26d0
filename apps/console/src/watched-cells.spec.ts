import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { WatchedCell } from './watched-cell.ts';
import { WatchedCells, type WatchedCellsOptions } from './watched-cells.ts';

const at = (url: string) => ({ url }) as IncomingMessage;

describe('the cells of a console', () => {
  const open = (given: Partial<WatchedCellsOptions> & { cellIds?: readonly string[] } = {}) => {
    const { cellIds = [], ...options } = given;
    const closed: string[] = [];
    const list = { cellIds };
    const cells = new WatchedCells({
      only: undefined,
      list,
      login: undefined,
      open: (cellId) =>
        ({
          cellId,
          [Symbol.asyncDispose]: () => Promise.resolve(void closed.push(cellId)),
        }) as unknown as WatchedCell,
      isShown: () => false,
      ...options,
    });
    return { cells, list, closed, watched: () => Array.from(cells.watched, ({ cellId }) => cellId) };
  };

  it('are those that Telemetry lists, the first where none is asked for', () => {
    const { cells } = open({ cellIds: ['hall', 'yard'] });
    expect(cells.choice(at('/'))).toEqual(['hall', 'yard']);
    expect(cells.of(at('/events'))?.cellId).toBe('hall');
    expect(cells.of(at('/events?cell=yard'))?.cellId).toBe('yard');
    expect(cells.of(at('/events?cell=cellar'))).toBeUndefined();
  });

  it('are the one that was named', () => {
    const { cells } = open({ only: 'hall', cellIds: [] });
    expect(cells.choice(at('/'))).toEqual(['hall']);
    expect(cells.of(at('/events?cell=yard'))).toBeUndefined();
  });

  it('are cell-1 as long as nobody has listed any', () => {
    const { cells, list } = open();
    expect(cells.of(at('/'))?.cellId).toBe('cell-1');
    list.cellIds = ['hall'];
    expect(cells.of(at('/'))?.cellId).toBe('hall');
  });

  it('are followed from when they are asked for, and on when their last node has left', () => {
    const { cells, list, watched } = open({ cellIds: ['hall', 'yard'] });
    expect(watched()).toEqual(['hall']);
    cells.of(at('/?cell=yard'));
    list.cellIds = ['hall'];
    expect(cells.of(at('/?cell=yard'))?.cellId).toBe('yard');
    expect(watched()).toEqual(['hall', 'yard']);
  });

  it('are for an operator of one cell that one', () => {
    const { cells } = open({ cellIds: ['hall', 'yard'], login: { cellOf: () => 'yard' } });
    expect(cells.choice(at('/'))).toEqual(['yard']);
    expect(cells.of(at('/'))?.cellId).toBe('yard');
    expect(cells.of(at('/?cell=hall'))).toBeUndefined();
  });

  it('are sixteen at most at a time: the longest unasked-for gives way that no page shows', () => {
    const cellIds = Array.from({ length: 17 }, (_, n) => `cell-${String(n).padStart(2, '0')}`);
    const { cells, closed, watched } = open({ cellIds, isShown: (cellId) => cellId === 'cell-01' });
    for (const cellId of cellIds.slice(1, 16)) cells.of(at(`/?cell=${cellId}`));
    cells.of(at('/?cell=cell-00'));
    cells.of(at('/?cell=cell-16'));
    expect(closed).toEqual(['cell-02']);
    expect(watched()).toHaveLength(16);
  });
});
