#!/usr/bin/env python3
"""p by conditional permutation of esda on the Columbus crimes, for the tests of spatial.gi and spatial.local_moran, and on a
lattice of counts with many ties, for that of spatial.gi.

    pip install esda==2.9.0 libpysal==4.14.1
    python3 scripts/reference_spatial.py ../shared/data

Prints one line per area: Gi* p, local Moran p, of 99,999 permutations with seed 12345 (the smaller of the two tails); then
Gi* p of the lattice, row by row. esda's local Moran of counts is no reference: there rounding decides which draws are ties.
"""

import csv
import os
import sys
import warnings
import zipfile

import numpy as np
from esda.getisord import G_Local
from esda.moran import Moran_Local
from libpysal.weights import W, lat2W

warnings.simplefilter("ignore")
DATA = sys.argv[1]


def main():
    with open(os.path.join(DATA, "reference", "local_columbus_CRIME.csv")) as table:
        values = np.array([float(row["y"]) for row in csv.DictReader(table)])
    with zipfile.ZipFile(os.path.join(DATA, "spatial", "columbus.zip")) as archive:
        lines = archive.read("columbus.gal").decode().splitlines()[1:]
    neighbours = {int(head.split()[0]): list(map(int, row.split())) for head, row in zip(lines[::2], lines[1::2])}
    order = list(range(1, len(values) + 1))
    weights = W(neighbours, id_order=order, silence_warnings=True)
    gi = G_Local(values, weights, transform="B", star=True, permutations=99_999, seed=12345, n_jobs=1)
    weights = W(neighbours, id_order=order, silence_warnings=True)
    moran = Moran_Local(values, weights, permutations=99_999, seed=12345, n_jobs=1)
    for a, b in zip(gi.p_sim, moran.p_sim):
        print(f"({min(a, 1 - a):.5f}, {min(b, 1 - b):.5f}),")
    counts = np.array([[0, 1, 0, 3][(cell * cell * 7 + cell * 3) % 11 % 4] for cell in range(48)], float)
    gi = G_Local(counts, lat2W(6, 8), transform="B", star=True, permutations=99_999, seed=1, n_jobs=1)
    for row in gi.p_sim.reshape(6, 8):
        print(", ".join(f"{p:.5f}" for p in row))


main()
