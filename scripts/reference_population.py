#!/usr/bin/env python3
"""Prints the reference numbers of population.project: a small city of two sexes by hand-written numpy, and UN WPP 2019,
Kazakhstan, 2020 to 2050 in steps of five years against the UN's own projection.

usage: reference_population.py FOLDER   (the folder `demography` of the public files; needs numpy only)
The files hold no total fertility after 2020: it is solved so that ages 0-4 come out as published; all the rest is free.
"""
import csv
import gzip
import sys

import numpy as np


def step(n, f, s, s0, m, w, ratio):
    """One step; n, s, m: sex (male, female) by age; f by age (0 at age 0); s0 by sex; ratio = boys per girl."""
    moved = n + m / 2
    new = np.zeros_like(n)
    new[:, 1:] = (moved * s)[:, :-1]
    new[:, -1] += moved[:, -1] * s[:, -1]
    new += m / 2
    births = w * (f[1:] * (n[1] + new[1])[1:] / 2).sum()
    by_sex = births * np.array([ratio / (1 + ratio), 1 / (1 + ratio)])
    new[:, 0] += by_sex * s0
    deaths = (moved * (1 - s)).sum() + (by_sex * (1 - s0)).sum()
    return new, births, deaths


n = np.array([[500.0, 620, 410, 150], [480.0, 600, 450, 230]])
f = np.array([0, 0.04, 0.005, 0])
s = np.array([[0.99, 0.97, 0.80, 0.30], [0.995, 0.98, 0.88, 0.42]])
m = np.array([[4.0, 36, -6, 0], [2.0, 44, -8, 1]])
for k in range(3):
    n, births, deaths = step(n, f, s, np.array([0.97, 0.98]), m, 20, 1.06)
    print(2020 + 20 * (k + 1), [[float(x) for x in line] for line in n], float(births), float(deaths))


def life_table(mx, female):
    """Survival ratios of 5-year groups from death rates at ages 0, 1, 5, ..., 100+: birth, then 0, 5, ..., 100+."""
    m0 = mx[0]
    if m0 >= 0.107:
        a0, a1 = (0.350, 1.361) if female else (0.330, 1.352)
    elif female:
        a0, a1 = 0.053 + 2.8 * m0, 1.522 - 1.518 * m0
    else:
        a0, a1 = 0.045 + 2.684 * m0, 1.651 - 2.816 * m0
    inner = np.arange(3, len(mx) - 1)
    a = np.full(len(mx), 2.5)
    a[:2] = a0, a1
    a[inner] = 2.5 - 25 / 12 * (mx[inner] - np.log(mx[inner + 1] / mx[inner - 1]) / 10)
    l, big = 1.0, []
    for x in range(len(mx) - 1):
        width = (1, 4)[x] if x < 2 else 5
        q = width * mx[x] / (1 + (width - a[x]) * mx[x])
        big.append(width * l * (1 - q) + a[x] * l * q)
        l *= 1 - q
    in_open = np.exp(-5 * mx[-1])
    big.append(l / mx[-1] * (1 - in_open))
    big = np.array([big[0] + big[1]] + big[2:])
    return big[0] / 5, np.append(big[1:] / big[:-1], in_open)


def table(name, columns, years):
    with gzip.open(f"{sys.argv[1]}/{name}.csv.gz", "rt") as lines:
        rows = [r for r in csv.DictReader(lines) if r["country"] == "Kazakhstan" and r["year"] in years]
    rows.sort(key=lambda r: (years.index(r["year"]), int(r["age"].split("-")[0].rstrip("+"))))
    return {y: np.array([[float(r[c]) for r in rows if r["year"] == y] for c in columns]) for y in years}


starts = list(range(2020, 2050, 5))
periods = [f"{y}-{y + 5}" for y in starts]
n = table("wpp2019_population_age_sex_1950_2020", ["popM", "popF"], ["2020"])["2020"]
mx = table("wpp2019_mortality", ["mxM", "mxF"], periods)
pattern = table("wpp2019_fertility_age_pattern", ["percentASFR"], periods)
published = table("wpp2019_population_projection_2025_2100", ["popMprojMed", "popFprojMed"],
                  [str(y + 5) for y in starts])
for y, p in zip(starts, periods):
    tables = [life_table(mx[p][0], False), life_table(mx[p][1], True)]
    s0, s = np.array([t[0] for t in tables]), np.array([t[1] for t in tables])
    f = np.zeros(21)
    f[3:10] = pattern[p][0] / 100 / 5
    target = published[str(y + 5)]
    one = step(n, f, s, s0, np.zeros_like(n), 5, 1.061)[0]
    tfr = target[:, 0].sum() / one[:, 0].sum()
    n, births, deaths = step(n, f * tfr, s, s0, np.zeros_like(n), 5, 1.061)
    off = n.sum(0) / target.sum(0) - 1
    print(y + 5, "tfr", round(float(tfr), 4), "births", float(births), "deaths", float(deaths), "total", float(n.sum()),
          "off", round(float(n.sum() / target.sum() - 1), 6))
    print("   by group, %:", " ".join(f"{100 * x:.2f}" for x in off))
