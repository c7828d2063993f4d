#!/usr/bin/env python3
"""Prints the reference numbers of traffic.indices: the public week of METR-LA, three sensors and a checksum of all.

usage: reference_traffic.py FILE   (metr_la_speed_week.csv.gz; needs numpy only)
The file is in mph and local time; every segment is given a length of 500 m.
"""
import csv
import gzip
import sys

import numpy as np

with gzip.open(sys.argv[1], "rt") as lines:
    rows = list(csv.reader(lines))
names = rows[0][1:]
hours = np.array([int(row[0][11:13]) for row in rows[1:]])
speeds = np.array([[float(cell) for cell in row[1:]] for row in rows[1:]]) * 1.609344
night = (hours >= 22) | (hours < 6)
result = []
for column, name in enumerate(names):
    v = speeds[:, column]
    kept = v > 0
    free = np.percentile(v[kept & night], 85)
    time = 0.5 / v[kept]
    mean, late = time.mean(), np.percentile(time, 95)
    result.append((free, mean * free / 0.5, late * free / 0.5, (late - mean) / mean))
    if name in ("773869", "717446", "769373"):
        print(name, *map(repr, map(float, result[-1])))
print("sums", *(repr(float(x)) for x in np.array(result).sum(axis=0)))
