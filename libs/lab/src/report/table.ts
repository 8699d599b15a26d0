import { markup, type Markup, type Part } from './markup.ts';

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Part;
  /** Figures stand at the right. @default false */
  readonly figures?: boolean;
}

/** A table that scrolls sideways where it is wider than the page. The first column heads its row. */
export function table<Row>(name: string, rows: readonly Row[], columns: readonly Column<Row>[]): Markup {
  const side = ({ figures }: Column<Row>) => (figures ? markup` class="figures"` : null);
  const heads = columns.map((column) => markup`<th scope="col"${side(column)}>${column.head}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((column, at) =>
      at === 0
        ? markup`<th scope="row"${side(column)}>${column.cell(row)}</th>`
        : markup`<td${side(column)}>${column.cell(row)}</td>`,
    );
    return markup`<tr>${cells}</tr>\n`;
  });
  return markup`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table><thead><tr>${heads}</tr></thead><tbody>\n${body}</tbody></table></div>\n`;
}

/** The table folded away beneath a figure. */
export const folded = (summary: string, content: Part): Markup =>
  markup`<details><summary>${summary}</summary>${content}</details>\n`;
