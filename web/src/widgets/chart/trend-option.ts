// What the large trend shows: the line with gaps as gaps, its band, target and limit as thin lines with their values at the end,
// on a scale that a limit far away cannot press flat.

import type { EChartsCoreOption } from "echarts/core";
import type { Indicator, Value } from "../../api/types";
import { dayMonth, rounded, t, unitWord } from "../../ui/say.svelte";
import { inShownUnit } from "../../lib/format";

export interface Colors { ink: string; second: string; line: string; edge: string; red: string; amber: string; accent: string; band: string; surface: string }

type Dot = [number, number | null];

const FONT = "Qala Sans, system-ui, sans-serif";

export function trendOption(values: readonly Value[], indicator: Indicator, colors: Colors, still: boolean): EChartsCoreOption {
  const unit = indicator.unit;
  const dots: Dot[] = [];
  let last: Value | null = null;
  for (const v of values) {
    // A period that is missing altogether breaks the line as well.
    if (last && Date.parse(v.period_start) - Date.parse(last.period_end) > 1000) dots.push([Date.parse(last.period_end), null]);
    dots.push([Date.parse(v.period_start), v.value === null ? null : inShownUnit(v.value, unit)]);
    last = v;
  }
  const lower: Dot[] = values.map((v) => [Date.parse(v.period_start), v.lower === null ? null : inShownUnit(v.lower, unit)]);
  const width: Dot[] = values.map((v) => [Date.parse(v.period_start), v.lower === null || v.upper === null ? null : inShownUnit(v.upper - v.lower, unit)]);
  const hasBand = width.some(([, w]) => w !== null);
  const numbers = values.flatMap((v) => (v.value === null ? [] : [inShownUnit(v.value, unit)]));
  const spread = Math.max(...numbers) - Math.min(...numbers) || Math.abs(numbers[0] ?? 1);
  // A limit far beyond all values would press the line flat; it is said in words beside the chart.
  const near = (n: number): boolean => numbers.length > 0 && n > Math.min(...numbers) - 2 * spread && n < Math.max(...numbers) + 2 * spread;
  const aims = indicator.targets
    ? [["target", indicator.targets.target, colors.edge], ["limit_word", indicator.targets.limit, colors.red]].filter(([, n]) => near(inShownUnit(n as number, unit)))
    : [];
  const few = values.length <= 45;
  return {
    animation: !still,
    animationDuration: 150,
    textStyle: { fontFamily: FONT },
    aria: { enabled: true, label: { enabled: false } },
    grid: { left: 8, right: 84, top: 16, bottom: 8, containLabel: true },
    xAxis: { type: "time", axisLine: { lineStyle: { color: colors.edge } }, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: colors.second, fontSize: 12, hideOverlap: true, formatter: (ms: number) => dayMonth(new Date(ms).toISOString()) } },
    yAxis: { type: "value", scale: true, name: unitWord(unit), nameTextStyle: { color: colors.second, align: "left", fontSize: 12 }, nameGap: 8, splitNumber: 4, splitLine: { lineStyle: { color: colors.line } }, axisLabel: { color: colors.second, fontSize: 12, formatter: (n: number) => rounded(n, null) } },
    series: [
      ...(hasBand ? [
        { type: "line", data: lower, stack: "band", lineStyle: { opacity: 0 }, symbol: "none", silent: true },
        { type: "line", data: width, stack: "band", lineStyle: { opacity: 0 }, symbol: "none", areaStyle: { color: colors.band }, silent: true },
      ] : []),
      {
        type: "line", data: dots, connectNulls: false, showSymbol: few, symbol: "circle", symbolSize: few ? 6 : 4, lineStyle: { color: colors.ink, width: 2 }, itemStyle: { color: colors.ink }, emphasis: { disabled: true },
        markLine: {
          symbol: "none", silent: true, animation: false,
          data: aims.map(([key, n, color]) => ({ yAxis: inShownUnit(n as number, unit), lineStyle: { color, type: "dashed", width: 1 }, label: { position: "end", color, fontSize: 12, formatter: `${t(key as "target" | "limit_word")}\n${rounded(n as number, unit)}` } })),
        },
      },
    ],
  };
}

