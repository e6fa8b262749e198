import { useId } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import { Scrolled } from '../text/pieces.js';
import { type ChartData, chartData, slices, ticksOf } from './chart-shapes.js';
import type { BlockProps } from './plain-blocks.js';

const WIDTH = 520;
const HEIGHT = 260;
const FRAME = { left: 64, right: 12, top: 12, bottom: 48 };
const COLOURS = 6;

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** A chart, with its numbers as a table for those who do not see it or want them exactly. */
export function Chart({ block }: Pick<BlockProps, 'block'>) {
  const id = useId();
  const data = chartData(block);
  const title = textOf(block.title) ?? 'Chart';
  if (!data) return <div class="unknown-block">{`This chart cannot be shown: ${title}`}</div>;
  const legend = data.kind === 'pie' ? data.categories : data.series.map((it) => it.name);
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id} class="card-title">
        {title}
      </figcaption>
      {data.kind === 'pie' ? <Pie data={data} title={title} /> : <Plot data={data} title={title} />}
      {legend.length > 1 && (
        <ul class="legend">
          {legend.map((name, index) => (
            <li key={index}>
              <span class={`key series-${index % COLOURS}`} aria-hidden="true" />
              {name}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Show as a table</summary>
        <Numbers data={data} title={title} />
      </details>
    </figure>
  );
}

function Plot({ data, title }: { data: ChartData; title: string }) {
  const ticks = ticksOf(data.series.flatMap((it) => it.values.filter((value) => value !== undefined)));
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const inner = { width: WIDTH - FRAME.left - FRAME.right, height: HEIGHT - FRAME.top - FRAME.bottom };
  const slot = inner.width / Math.max(1, data.categories.length);
  const x = (index: number) => FRAME.left + slot * (index + 0.5);
  const y = (value: number) => FRAME.top + inner.height * (1 - (value - low) / (high - low || 1));
  // Labels that would touch each other are left out; the table has them all.
  const every = Math.ceil(data.categories.length / Math.max(1, Math.floor(inner.width / 70)));
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${data.kind} chart`}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line
            class={tick === 0 ? 'axis' : 'grid'}
            x1={FRAME.left}
            x2={WIDTH - FRAME.right}
            y1={y(tick)}
            y2={y(tick)}
          />
          <text class="tick-label" x={FRAME.left - 8} y={y(tick) + 4} text-anchor="end">
            {number.format(tick)}
          </text>
        </g>
      ))}
      {data.categories.map(
        (category, index) =>
          index % every === 0 && (
            <text
              key={index}
              class="tick-label"
              x={x(index)}
              y={HEIGHT - FRAME.bottom + 18}
              text-anchor="middle"
            >
              {category}
            </text>
          ),
      )}
      {data.xLabel && (
        <text class="axis-label" x={FRAME.left + inner.width / 2} y={HEIGHT - 6} text-anchor="middle">
          {data.xLabel}
        </text>
      )}
      {data.yLabel && (
        <text
          class="axis-label"
          transform={`translate(12 ${FRAME.top + inner.height / 2}) rotate(-90)`}
          text-anchor="middle"
        >
          {data.yLabel}
        </text>
      )}
      {data.kind === 'bar' ? <Bars data={data} slot={slot} x={x} y={y} /> : <Lines data={data} x={x} y={y} />}
    </svg>
  );
}

interface Scales {
  data: ChartData;
  x(index: number): number;
  y(value: number): number;
}

function Bars({ data, slot, x, y }: Scales & { slot: number }) {
  const width = Math.min(40, (slot * 0.7) / data.series.length);
  return (
    <>
      {data.series.flatMap((series, at) =>
        series.values.map((value, index) => {
          if (value === undefined) return null;
          const left = x(index) + (at - data.series.length / 2) * width;
          return (
            <rect
              key={`${at}-${index}`}
              class={`shape series-${at % COLOURS}`}
              x={left}
              y={Math.min(y(value), y(0))}
              width={Math.max(1, width - 1)}
              height={Math.abs(y(value) - y(0))}
            />
          );
        }),
      )}
    </>
  );
}

function Lines({ data, x, y }: Scales) {
  return (
    <>
      {data.series.map((series, at) => {
        const points = series.values.flatMap((value, index) =>
          value === undefined ? [] : [{ x: x(index), y: y(value) }],
        );
        const line = points.map((it) => `${it.x},${it.y}`).join(' ');
        const [first, last] = [points[0], points.at(-1)];
        return (
          <g key={at} class={`series-${at % COLOURS}`}>
            {data.kind === 'area' && first && last && (
              <polygon class="area" points={`${first.x},${y(0)} ${line} ${last.x},${y(0)}`} />
            )}
            <polyline class="line" points={line} />
            {points.map((it, index) => (
              <circle key={index} class="shape" cx={it.x} cy={it.y} r={3} />
            ))}
          </g>
        );
      })}
    </>
  );
}

function Pie({ data, title }: { data: ChartData; title: string }) {
  const values = data.series[0]?.values.map((it) => it ?? 0) ?? [];
  return (
    <svg class="pie" viewBox="-1.05 -1.05 2.1 2.1" role="img" aria-label={`${title}: pie chart`}>
      {slices(values).map(
        (slice, index) =>
          slice.path && <path key={index} class={`shape slice series-${index % COLOURS}`} d={slice.path} />,
      )}
    </svg>
  );
}

function Numbers({ data, title }: { data: ChartData; title: string }) {
  return (
    <Scrolled label={`Numbers of ${title}`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{data.xLabel ?? 'Label'}</th>
            {data.series.map((it, index) => (
              <th key={index} scope="col" class="align-right">
                {it.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.categories.map((category, index) => (
            <tr key={index}>
              <th scope="row">{category}</th>
              {data.series.map((it, at) => {
                const value = it.values[index];
                return (
                  <td key={at} class="align-right">
                    {value === undefined ? '–' : number.format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}
