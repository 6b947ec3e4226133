/** A chart as uPlot wants it. */
import uPlot from 'uplot'
import type { Format } from '../text/numbers'
import type { Lines, Range } from './data'
import type { ChartSpec } from './list'
import type { Mark } from './marks'

/** What a chart tells its surroundings, and takes from them. */
export interface Surroundings {
  range(): Range
  marks(): Mark[]
  onCursor(index: number | null): void
  onZoom(range: Range): void
  onReset(): void
}

const height = 150
const font = '11px system-ui, sans-serif'

/** All charts of a page share the crosshair. */
export const crosshair = uPlot.sync('time')

const paint = (style: CSSStyleDeclaration, name: string): string => style.getPropertyValue(name).trim()

/** data puts the lines of a chart in uPlot's order: the times, each line, then the two edges of each band. */
export function data(spec: ChartSpec, lines: Lines): uPlot.AlignedData {
  const none = new Array<null>(lines.times.length).fill(null)
  const main = spec.lines.map((l) => lines.mean[l.name] ?? none)
  const edges = spec.lines.flatMap((l) => [lines.high[l.name] ?? none, lines.low[l.name] ?? none])
  return [lines.times, ...main, ...edges]
}

export function options(spec: ChartSpec, width: number, style: CSSStyleDeclaration, around: Surroundings): uPlot.Options {
  const colour = (n: number) => paint(style, '--line-' + n)
  const n = spec.lines.length
  return {
    width, height, padding: [8, labelEdge(), 0, 0],
    legend: { show: false },
    cursor: {
      // The crosshair is shared; a zoom is one chart's, and all follow the address.
      sync: { key: crosshair.key, scales: ['x', null], filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave', sub: () => true } },
      drag: { x: true, y: false, setScale: false, dist: 5 },
      points: { size: 6 },
      bind: { dblclick: () => () => (around.onReset(), null) },
    },
    scales: {
      x: { time: true, range: () => [around.range().from, around.range().to] },
      y: { range: (_, low, high) => yRange(spec, low, high) },
    },
    series: [
      {},
      ...spec.lines.map((l): uPlot.Series => ({
        label: l.label, stroke: colour(l.paint), width: 1.5, points: { show: false, size: 4, filter: alone },
        ...(l.dashed ? { dash: [6, 4] } : n === 1 ? { fill: colour(l.paint) + '1c' } : {}),
      })),
      ...spec.lines.flatMap((): uPlot.Series[] => [0, 1].map(() => ({ stroke: 'transparent', width: 0, points: { show: false } }))),
    ],
    bands: spec.lines.map((l, i) => ({ series: [n + 1 + 2 * i, n + 2 + 2 * i], fill: colour(l.paint) + '30' })),
    axes: [
      { ...axis(style), space: 70, size: 26, values: timeValues },
      { ...axis(style), size: 62, space: 32, ...(spec.binary ? { incrs: binarySteps } : {}), values: (_, splits) => splits.map((v) => axisText(spec.format, v)) },
    ],
    hooks: {
      setCursor: [(u) => around.onCursor(u.cursor.idx ?? null)],
      setSelect: [(u) => zoom(u, around)],
      drawClear: [(u) => drawMarks(u, around.marks(), style)],
    },
  }
}

/**
 * point puts the crosshair of all charts at a place of this one, in pixels; below 0 takes it away. That it is told
 * to the others is a parameter that the types do not have.
 */
export function point(u: uPlot, left: number): void {
  const set: (at: { left: number; top: number }, fire: boolean, tellOthers: boolean) => void = u.setCursor
  set({ left, top: left < 0 ? left : 20 }, true, true)
}

/** A value with nothing known on either side has no line: it is a point. */
function alone(u: uPlot, series: number): number[] | null {
  const values = u.data[series] ?? []
  const found: number[] = []
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i)
  }
  return found.length > 0 ? found : null
}

function yRange(spec: ChartSpec, low: number | null, high: number | null): [number, number] {
  const top = Math.max(high ?? 0, spec.most ?? 0)
  const bottom = Math.min(0, low ?? 0)
  return [bottom, top === bottom ? bottom + 1 : spec.most === top ? top : top + (top - bottom) * 0.08]
}

function axis(style: CSSStyleDeclaration): uPlot.Axis {
  return {
    stroke: paint(style, '--dim'),
    font,
    grid: { stroke: paint(style, '--grid'), width: 1 },
    ticks: { show: false },
  }
}

const binarySteps = Array.from({ length: 50 }, (_, i) => 2 ** i)

/** Round figures read better without their digits: 64 MiB, not 64.0 MiB. */
const axisText = (format: Format, v: number): string => format(v).replace(/(\d)\.0+(?=\D|$)/, '$1').replace(/(\.\d*[1-9])0+(?=\D|$)/, '$1')

const hourMinute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const toTheSecond = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const dayAndMonth = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })

let edge: number | undefined

/** The room to the right of a drawing: half of the widest label of the time axis, which stands under its end whole. */
function labelEdge(): number {
  if (edge !== undefined) return edge
  const ctx = document.createElement('canvas').getContext('2d')
  if (!ctx) return 30
  ctx.font = font
  const days = Array.from({ length: 12 }, (_, month) => dayAndMonth.format(new Date(2020, month, 28)))
  const widths = [...days, toTheSecond.format(new Date(2020, 0, 28, 20, 58, 58))].map((t) => ctx.measureText(t).width)
  return (edge = Math.ceil(Math.max(...widths) / 2) + 1)
}

function timeValues(_: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  return splits.map((t) => {
    const d = new Date(t * 1000)
    if (step >= 86_400 || (d.getHours() === 0 && d.getMinutes() === 0 && step >= 60)) return dayAndMonth.format(d)
    return (step < 60 ? toTheSecond : hourMinute).format(d)
  })
}

function zoom(u: uPlot, around: Surroundings): void {
  if (u.select.width < 5) return
  const from = u.posToVal(u.select.left, 'x')
  const to = u.posToVal(u.select.left + u.select.width, 'x')
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  if (to - from >= 2) around.onZoom({ from, to })
}

function drawMarks(u: uPlot, marks: Mark[], style: CSSStyleDeclaration): void {
  const { ctx, bbox } = u
  const { from, to } = { from: u.scales['x']?.min ?? 0, to: u.scales['x']?.max ?? 0 }
  ctx.save()
  for (const mark of marks) {
    if (mark.time < from || mark.time > to) continue
    const x = Math.round(u.valToPos(mark.time, 'x', true))
    ctx.strokeStyle = ctx.fillStyle = paint(style, '--mark-' + mark.tone)
    ctx.globalAlpha = mark.tone === 'info' || mark.tone === 'resolved' ? 0.2 : 0.45
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.globalAlpha = 1
    const r = 4 * devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x - r, bbox.top - r)
    ctx.lineTo(x + r, bbox.top - r)
    ctx.lineTo(x, bbox.top + r)
    ctx.fill()
  }
  ctx.restore()
}
