#!/usr/bin/env python3
"""Prints the reference numbers of indicators.control_chart with residual_xmr. Needs numpy only.

usage: reference_control_chart.py
"""
import numpy as np

x = [3.0]
for t in range(1, 60):
    x.append(0.8 * x[-1] + (t * 7919 % 101) / 101)
x = np.array(x)
base = x[:40]
d = base - base.mean()
print("lag-1 correlation", (d[1:] * d[:-1]).sum() / (d * d).sum())
slope, intercept = np.linalg.lstsq(np.column_stack([base[:-1], np.ones(39)]), base[1:], rcond=None)[0]
residual = x[1:] - slope * x[:-1]
e = residual[:39] - residual[:39].mean()
print("left", (e[1:] * e[:-1]).sum() / (e * e).sum())
moving = np.abs(np.diff(residual))
half = 3 * moving[:38].mean() / 1.128
print("slope", repr(float(slope)), "mean moving range", repr(float(moving[:38].mean())))
for t in (1, 39, 59):
    centre = slope * x[t - 1] + residual[:39].mean()
    print(t, repr(float(x[t])), repr(float(centre)), repr(float(centre - half)), repr(float(centre + half)),
          repr(float(moving[t - 2])) if t > 1 else "")
