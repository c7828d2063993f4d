// The parts of ECharts that are used; in a chunk of their own, loaded with the first chart.

import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, MarkAreaComponent, MarkLineComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, BarChart, GridComponent, MarkAreaComponent, MarkLineComponent, DataZoomComponent, AriaComponent, CanvasRenderer]);

export { init };
export type { EChartsType } from "echarts/core";
