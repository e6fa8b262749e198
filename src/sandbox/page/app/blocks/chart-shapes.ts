import { type Fields, isFields, listOf, textOf } from '../../../fields.js';

/** A series of numbers, one for each category; undefined where it has none. */
interface Series {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

/** What a chart shows. */
export interface ChartData {
  readonly kind: 'line' | 'bar' | 'area' | 'pie';
  readonly categories: readonly string[];
  readonly series: readonly Series[];
  readonly xLabel?: string;
  readonly yLabel?: string;
}

/** Reads a `data_visualization` block; undefined for a chart of a kind that is not known. */
export function chartData(block: Fields): ChartData | undefined {
  const { chart } = block;
  if (!isFields(chart)) return undefined;
  if (chart.type === 'pie') {
    const segments = listOf(chart.segments);
    return {
      kind: 'pie',
      categories: segments.map((it) => String(it.label)),
      series: [{ name: textOf(block.title) ?? '', values: segments.map((it) => Number(it.value)) }],
    };
  }
  if (chart.type !== 'line' && chart.type !== 'bar' && chart.type !== 'area') return undefined;
  const axis = isFields(chart.axis_config) ? chart.axis_config : {};
  const named = Array.isArray(axis.categories) ? axis.categories.map(String) : undefined;
  const series = listOf(chart.series);
  const categories = named ?? [
    ...new Set(series.flatMap((it) => listOf(it.data).map((point) => String(point.label)))),
  ];
  return {
    kind: chart.type,
    categories,
    series: series.map((it) => {
      const points = new Map(listOf(it.data).map((point) => [String(point.label), Number(point.value)]));
      return { name: String(it.name), values: categories.map((category) => points.get(category)) };
    }),
    xLabel: textOf(axis.x_label),
    yLabel: textOf(axis.y_label),
  };
}

/** Round numbers from below the least to above the greatest value, zero among them: about five. */
export function ticksOf(values: readonly number[]): number[] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((it) => it * power >= rough) ?? 10);
  const from = Math.floor(low / step);
  const to = Math.ceil(high / step);
  // Multiplied, not added up: sums of tenths are no tenths.
  return Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

/** The slices of a pie of radius 1 around (0, 0) as paths. What is not above zero has none. */
export function slices(values: readonly number[]): Array<{ path: string; share: number }> {
  const sum = values.reduce((all, it) => all + Math.max(0, it), 0);
  let turned = 0;
  return values.map((value) => {
    const share = sum > 0 ? Math.max(0, value) / sum : 0;
    const [from, to] = [turned, turned + share];
    turned = to;
    // An arc that ends where it begins is nothing at all: a whole pie is two halves.
    if (share > 0.9999) return { path: 'M0,-1A1,1 0 1 1 0,1A1,1 0 1 1 0,-1Z', share };
    if (share === 0) return { path: '', share };
    const point = (turn: number) => {
      const angle = 2 * Math.PI * turn;
      return `${Math.sin(angle).toFixed(4)},${(-Math.cos(angle)).toFixed(4)}`;
    };
    return { path: `M0,0L${point(from)}A1,1 0 ${share > 0.5 ? 1 : 0} 1 ${point(to)}Z`, share };
  });
}
