#!/usr/bin/env python3
"""Prints the reference numbers of schools.load (public schools file) and schools.access (the package `access`).

usage: reference_schools.py dc_schools.csv   Needs: access, geopandas, numpy, pandas.
"""
import sys

import numpy as np
import pandas as pd
from access import Access

d = pd.read_csv(sys.argv[1], dtype={"school_code": str})
d = d[["school_code", "ward", "sy12_enrollment", "building_capacity"]]
print("rows", len(d), "without capacity", int(d.building_capacity.isna().sum()),
      "without enrolment", int(d.sy12_enrollment.isna().sum()), "zero capacity", int((d.building_capacity == 0).sum()))
d["missing"] = (d.sy12_enrollment - d.building_capacity).clip(lower=0)
d["free"] = (d.building_capacity - d.sy12_enrollment).clip(lower=0)
d["load"] = d.sy12_enrollment / d.building_capacity
for name, g in d.groupby("ward", sort=False):
    print(name, len(g), *(g[c].sum(skipna=False) for c in ["building_capacity", "sy12_enrollment", "missing", "free"]))
print("all", *(d[c].sum() for c in ["building_capacity", "sy12_enrollment", "missing", "free"]), repr(d.load.sum()),
      int((d.load > 1).sum()))

n, m = 7, 4
areas = pd.DataFrame({"area": range(n), "population": [120.0, 300.5, 80, 0, 950, 40, 410]})
sites = pd.DataFrame({"site": range(m), "places": [100.0, 250, 60, 75]})
costs = pd.DataFrame([(i, j, float((i * 13 + j * 17) % 37)) for i in range(n) for j in range(m) if (i + j) % 5 != 4],
                     columns=["area", "site", "cost"])
a = Access(demand_df=areas, demand_index="area", demand_value="population", supply_df=sites, supply_index="site",
           supply_value="places", cost_df=costs, cost_origin="area", cost_dest="site", cost_name="cost",
           neighbor_cost_df=costs.rename(columns={"site": "dest"})[0:0], neighbor_cost_origin="area",
           neighbor_cost_dest="dest", neighbor_cost_name="cost")
from access import weights
a.enhanced_two_stage_fca(name="e", weight_fn=weights.step_fn({10: 1, 20: 0.68, 30: 0.22}))
print([float(x) for x in a.access_df.e_places])
