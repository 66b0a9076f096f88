// A plot with logarithmic axes as an SVG that is legible on light and on dark pages. Pure.

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Somebody else's figures. */
  readonly dashed?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

interface Axis {
  readonly from: number;
  readonly to: number;
  /** Where a value is drawn. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

const WIDTH = 720;
const HEIGHT = 400;
const FRAME = { left: 76, right: 216, top: 44, bottom: 52 };
/** Colour-blind people can tell them apart (Okabe and Ito), and none of them vanishes on white or on black. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8c8c8c', '#7a5cff'];
const LEGEND_LINE = 20;

export function drawChart({ title, x, y, series }: Chart): string {
  const drawn = series.map(({ points, ...rest }) => ({
    ...rest,
    points: points.filter(([px, py]) => px > 0 && py > 0).toSorted(([a], [b]) => a - b),
  }));
  const points = drawn.flatMap((one) => one.points);
  if (points.length === 0) throw new Error(`there is nothing to draw in "${title}"`);
  const across = layOut(
    points.map(([px]) => px),
    FRAME.left,
    WIDTH - FRAME.right,
  );
  const up = layOut(
    points.map(([, py]) => py),
    HEIGHT - FRAME.bottom,
    FRAME.top,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .theirs { stroke-dasharray: 6 4; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .grid { stroke: #3d444d; } }
</style>
<text class="title" x="${FRAME.left}" y="22">${escapeText(title)}</text>
${drawAcross(across, x)}
${drawUp(up, y)}
${drawn.map((one, index) => drawSeries(one, index, across, up)).join('\n')}
</svg>
`;
}

/** From the power of ten below to the one above, or to what is there when that is much less. */
function layOut(values: readonly number[], start: number, end: number): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const steps = listSteps(least, most);
  const from = steps.findLast((step) => step <= least) ?? least;
  const to = steps.find((step) => step >= most && step > from) ?? most;
  const span = Math.log10(to / from) || 1;
  const ticks = steps.filter((step) => step >= from && step <= to);
  const decades = ticks.filter((step) => Number.isInteger(Math.log10(step)));
  return {
    from,
    to,
    place: (value) => start + ((end - start) * Math.log10(value / from)) / span,
    ticks: decades.length >= 3 ? decades : ticks,
  };
}

/** 1, 2, 5, 10, 20 and so on, around the values. */
function listSteps(least: number, most: number): number[] {
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1)
    for (const digit of [1, 2, 5]) steps.push(Number((digit * 10 ** power).toPrecision(1)));
  return steps;
}

function drawAcross({ place, ticks }: Axis, label: string): string {
  const bottom = HEIGHT - FRAME.bottom;
  const lines = ticks.map((tick) => {
    const at = round(place(tick));
    return `<line class="grid" x1="${at}" x2="${at}" y1="${FRAME.top}" y2="${bottom}"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${nameTick(tick)}</text>`;
  });
  const middle = (FRAME.left + WIDTH - FRAME.right) / 2;
  return `${lines.join('\n')}\n<text x="${middle}" y="${HEIGHT - 12}" text-anchor="middle">${escapeText(label)}</text>`;
}

function drawUp({ place, ticks }: Axis, label: string): string {
  const right = WIDTH - FRAME.right;
  const lines = ticks.map((tick) => {
    const at = round(place(tick));
    return `<line class="grid" x1="${FRAME.left}" x2="${right}" y1="${at}" y2="${at}"/><text x="${FRAME.left - 8}" y="${at + 4}" text-anchor="end">${nameTick(tick)}</text>`;
  });
  const middle = (FRAME.top + HEIGHT - FRAME.bottom) / 2;
  return `${lines.join('\n')}\n<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">${escapeText(label)}</text>`;
}

function drawSeries({ name, points, dashed }: Series, index: number, across: Axis, up: Axis): string {
  const colour = COLOURS[index % COLOURS.length]!;
  const places = points.map(([x, y]) => [round(across.place(x)), round(up.place(y))] as const);
  const style = dashed ? 'line theirs' : 'line';
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`);
  const legend = { x: WIDTH - FRAME.right + 16, y: FRAME.top + 8 + index * LEGEND_LINE };
  return `<polyline class="${style}" stroke="${colour}" points="${places.map((place) => place.join(',')).join(' ')}"/>
${dots.join('')}
<line class="${style}" stroke="${colour}" x1="${legend.x}" x2="${legend.x + 24}" y1="${legend.y}" y2="${legend.y}"/><text x="${legend.x + 30}" y="${legend.y + 4}">${escapeText(name)}</text>`;
}

export function nameTick(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
