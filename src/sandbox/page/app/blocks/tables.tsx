import { useState } from 'preact/hooks';
import { type Fields, isFields, textOf } from '../../../fields.js';
import type { Names } from '../place.js';
import { Scrolled } from '../text/pieces.js';
import { Plain } from '../text/plain.js';
import { RichText } from '../text/rich-text.js';
import { Pager } from './pager.js';
import type { BlockProps } from './plain-blocks.js';

/** A table; its first row is the heading. */
export function Table({ block, form }: BlockProps) {
  const { names } = form.place;
  const [head, ...body] = rowsOf(block);
  const settings = Array.isArray(block.column_settings) ? block.column_settings : [];
  const look = (column: number) => {
    const setting: unknown = settings[column];
    if (!isFields(setting)) return 'align-left single';
    return `align-${String(setting.align ?? 'left')} ${setting.is_wrapped === true ? '' : 'single'}`;
  };
  return (
    <Scrolled label="Table">
      <table class="table">
        {body.length > 0 && (
          <thead>
            <tr>
              {head?.map((cell, column) => (
                <th key={column} scope="col" class={look(column)}>
                  <Cell cell={cell} names={names} />
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {(body.length > 0 ? body : [head ?? []]).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} class={look(column)}>
                  <Cell cell={cell} names={names} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

/** A table with a caption that is read page by page. */
export function DataTable({ block, form }: BlockProps) {
  const { names } = form.place;
  const [page, setPage] = useState(0);
  const [head = [], ...body] = rowsOf(block);
  const size = Number(block.page_size ?? 5);
  const heading = Number(block.row_header_column_index ?? 0);
  const pages = Math.max(1, Math.ceil(body.length / size));
  const here = Math.min(page, pages - 1);
  const from = here * size;
  const shown = body.slice(from, from + size);
  const numeric = (cell: Fields | undefined) => (cell?.type === 'raw_number' ? 'align-right' : '');
  return (
    <div class="data-table">
      <Scrolled label={textOf(block.caption) ?? 'Table'}>
        <table class="table">
          <caption>{textOf(block.caption)}</caption>
          <thead>
            <tr>
              {head.map((cell, column) => (
                <th key={column} scope="col" class={numeric(body[0]?.[column])}>
                  <Cell cell={cell} names={names} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={from + index}>
                {row.map((cell, column) =>
                  column === heading ? (
                    <th key={column} scope="row">
                      <Cell cell={cell} names={names} />
                    </th>
                  ) : (
                    <td key={column} class={numeric(cell)}>
                      <Cell cell={cell} names={names} />
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {pages > 1 && (
        <Pager
          words={`Rows ${from + 1}–${from + shown.length} of ${body.length}`}
          first={here === 0}
          last={here === pages - 1}
          move={(by) => setPage(here + by)}
        />
      )}
    </div>
  );
}

function rowsOf(block: Fields): Fields[][] {
  const rows: unknown[] = Array.isArray(block.rows) ? block.rows : [];
  return rows.map((row) => (Array.isArray(row) ? row.filter(isFields) : []));
}

function Cell({ cell, names }: { cell: Fields; names: Names }) {
  switch (cell.type) {
    case 'raw_text':
      return <Plain text={textOf(cell.text) ?? ''} names={names} />;
    case 'raw_number':
      return <>{textOf(cell.text) ?? String(cell.value ?? '')}</>;
    case 'rich_text':
      return <RichText block={cell} names={names} />;
    default:
      return <span class="unknown">{`(${String(cell.type)})`}</span>;
  }
}
