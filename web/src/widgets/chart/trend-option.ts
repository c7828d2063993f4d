// What the large trend shows: the line with gaps as gaps, its band, target and limit as thin lines with their values at the end,
// on a scale that a limit far away cannot press flat.

import type { EChartsCoreOption } from "echarts/core";
import type { Indicator, Value } from "../../api/types";
import { dayMonth, locale, period, rounded, t, unitWord } from "../../ui/say.svelte";
import type { Limits } from "../../lib/control";
import { inShownUnit } from "../../lib/format";
import { HOUR_MS, wallClock } from "../../lib/time";
import { ticksOf } from "./ticks";

export interface Colors { ink: string; second: string; line: string; edge: string; red: string; amber: string; accent: string; band: string; surface: string }

type Dot = [number, number | null];

const FONT = "Qala Sans, system-ui, sans-serif";

const x = (v: Value): number => wallClock(v.period_start, locale.zone);

/** A tick in the city's clock and in the unit of the line: years, quarters, months, days; within a day the time, at midnight the day. */
function tick(grain: string, ms: number): string {
  // `+00:00` is taken as it stands; the axis is in the city's clock already.
  const iso = new Date(ms).toISOString().replace("Z", "+00:00");
  const [year, month] = [iso.slice(0, 4), Number(iso.slice(5, 7))];
  if (grain === "year") return year;
  if (grain === "quarter") return t("quarter_tick", { n: (month + 2) / 3, year });
  if (grain === "month") return period({ grain, period_start: iso, period_end: iso });
  const text = iso.slice(11, 16);
  return text === "00:00" || grain === "day" || grain === "week" ? dayMonth(iso) : text;
}

export function trendOption(values: readonly Value[], indicator: Indicator, colors: Colors, still: boolean, limits: Limits | null = null): EChartsCoreOption {
  const unit = indicator.unit;
  const dots: Dot[] = [];
  let last: Value | null = null;
  for (const v of values) {
    // A period that is missing altogether breaks the line as well.
    if (last && Date.parse(v.period_start) - Date.parse(last.period_end) > 1000) dots.push([wallClock(last.period_end, locale.zone), null]);
    dots.push([x(v), v.value === null ? null : inShownUnit(v.value, unit)]);
    last = v;
  }
  const lower: Dot[] = values.map((v) => [x(v), v.lower === null ? null : inShownUnit(v.lower, unit)]);
  const width: Dot[] = values.map((v) => [x(v), v.lower === null || v.upper === null ? null : inShownUnit(v.upper - v.lower, unit)]);
  const hasBand = width.some(([, w]) => w !== null);
  const numbers = values.flatMap((v) => (v.value === null ? [] : [inShownUnit(v.value, unit)]));
  const spread = Math.max(...numbers) - Math.min(...numbers) || Math.abs(numbers[0] ?? 1);
  // A limit far beyond all values would press the line flat; it is said in words beside the chart.
  const near = (n: number): boolean => numbers.length > 0 && n > Math.min(...numbers) - 2 * spread && n < Math.max(...numbers) + 2 * spread;
  const aims = indicator.targets
    ? [["target", indicator.targets.target, colors.edge], ["limit_word", indicator.targets.limit, colors.red]].filter(([, n]) => near(inShownUnit(n as number, unit)))
    : [];
  const few = values.length <= 45;
  const grain = values[0]?.grain ?? "day";
  const marks = ticksOf(grain, values.map(x));
  return {
    useUTC: true,
    animation: !still,
    animationDuration: 150,
    textStyle: { fontFamily: FONT },
    aria: { enabled: true, label: { enabled: false } },
    grid: { left: 8, right: 92, top: 32, bottom: 8, containLabel: true },
    xAxis: { type: "time", axisLine: { lineStyle: { color: colors.edge } }, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: colors.second, fontSize: 12, hideOverlap: true, formatter: (ms: number) => tick(grain, ms), ...(marks ? { customValues: marks } : {}) }, ...(grain === "hour" ? { minInterval: HOUR_MS } : {}) },
    yAxis: { type: "value", scale: true, name: unitWord(unit), nameTextStyle: { color: colors.second, align: "left", fontSize: 12 }, nameGap: 12, splitNumber: 4, splitLine: { lineStyle: { color: colors.line } }, axisLabel: { color: colors.second, fontSize: 12, formatter: (n: number) => rounded(n, null) } },
    series: [
      ...(hasBand ? [
        { type: "line", data: lower, stack: "band", lineStyle: { opacity: 0 }, symbol: "none", silent: true },
        { type: "line", data: width, stack: "band", lineStyle: { opacity: 0 }, symbol: "none", areaStyle: { color: colors.band }, silent: true },
      ] : []),
      {
        type: "line", data: dots, connectNulls: false, showSymbol: few, symbol: "circle", symbolSize: few ? 6 : 4, lineStyle: { color: colors.ink, width: 2 }, itemStyle: { color: colors.ink }, emphasis: { disabled: true },
        ...(limits ? { markArea: { silent: true, animation: false, itemStyle: { color: colors.line, opacity: 0.45 }, data: [[{ yAxis: inShownUnit(limits.lower, unit) }, { yAxis: inShownUnit(limits.upper, unit) }]] } } : {}),
        markLine: {
          symbol: "none", silent: true, animation: false,
          data: aims.map(([key, n, color]) => ({ yAxis: inShownUnit(n as number, unit), lineStyle: { color, type: "dashed", width: 1 }, label: { position: "end", color, fontSize: 12, formatter: `${t(key as "target" | "limit_word")} ${rounded(n as number, unit)}` } })),
        },
      },
    ],
  };
}
