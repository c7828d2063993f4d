#!/usr/bin/env python3
"""Prints the reference numbers of transit.od. Needs: ipfn, numpy, pandas."""
import numpy as np
from ipfn import ipfn

n = 6
seed = np.array([[1.0 + (7 * i + 3 * j) % 11 if i != j else 0.0 for j in range(n)] for i in range(n)])
rows = np.array([120.0, 80.0, 45.5, 200.0, 10.25, 60.25])
columns = np.array([90.0, 110.0, 77.0, 63.0, 151.0, 25.0])
fitted = ipfn.ipfn(seed.copy(), [rows, columns], [[0], [1]], convergence_rate=0, rate_tolerance=0,
                   max_iteration=5000).iteration()
for line in fitted:
    print(", ".join(repr(float(x)) for x in line))
print("largest error", abs(fitted.sum(0) - columns).max(), abs(fitted.sum(1) - rows).max())
