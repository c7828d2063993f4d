#!/usr/bin/env python3
"""Local statistics with conditional permutation, beside esda, on lattices of 1,000, 10,000 and 100,000 cells.

    pip install esda numba libpysal
    python3 benches/spatial.py [--sizes 1,10,100] [--rounds 3] [--permutations 9999]
        [--cases gi-rook,moran-rook,moran-graded]

Prints `proof:` lines: the ratio of esda's time (numba warm, the better of 1 and 2 jobs, keep_simulations=False) to that of
Qala on 2 threads, runs interleaved, medians; in full and with sequential stopping; seconds of the processor, which a busy
machine changes little; the largest difference of the statistics; and how many decisions at a false-discovery rate of 0.05 differ. Without esda the comparison is skipped.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZES = {1: (20, 50), 10: (80, 125), 100: (250, 400)}


def built():
    command = ["cargo", "build", "--quiet", "-p", "qala-models", "--example", "local_statistics"]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "debug", "examples", "local_statistics")


def qala(program, file, shape, statistic, graded, stopping, permutations, seed, threads=2):
    """Seconds, seconds of the processor with start and files, and rows of statistic, p and adjusted p."""
    command = [program, file, *map(str, shape), statistic, graded, stopping, str(permutations), str(seed), str(threads)]
    spent = processor_seconds()
    run = subprocess.run(command, capture_output=True, text=True)
    spent = processor_seconds() - spent
    if run.returncode != 0:
        sys.exit(run.stderr)
    rows = [[float(cell) for cell in line.split(",")] for line in run.stdout.splitlines()]
    return float(run.stderr), spent, list(zip(*rows))


def processor_seconds():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def lattice(numpy, shape, seed):
    """Noise, and bumps of three heights over about a tenth of the cells."""
    random = numpy.random.default_rng(seed)
    values = random.normal(10, 1, shape)
    side = max(4, shape[0] // 12)
    for height in (1.0, 1.5, 2.0) * 5:
        row, column = (random.integers(0, most - side) for most in shape)
        values[row : row + side, column : column + side] += height
    return values.ravel()


def graded(libpysal, shape):
    """The weights of the example's `graded`."""
    height, width = shape
    rows = {}
    for cell in range(height * width):
        row = {}
        if (cell + 1) % width:
            row[cell + 1] = 1.0
        if cell % width:
            row[cell - 1] = 1.25
        if cell + width < height * width:
            row[cell + width] = 1.5
        if cell >= width:
            row[cell - width] = 1.75
        rows[cell] = row
    neighbours = {cell: list(row) for cell, row in rows.items()}
    weights = {cell: list(row.values()) for cell, row in rows.items()}
    return libpysal.weights.W(neighbours, weights, id_order=list(range(height * width)), silence_warnings=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", default="1,10,100")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--permutations", type=int, default=9999)
    options.add_argument("--cases", default="gi-rook,moran-rook,moran-graded")
    options = options.parse_args()
    program = built()
    try:
        import esda
        import libpysal
        import numpy
    except ImportError:
        print("skipped: spatial: the Python packages esda, numba and libpysal are not installed, so there is nothing to compare with")
        return
    warnings.simplefilter("ignore")

    def theirs(statistic, values, weights, jobs, permutations):
        start = time.monotonic()
        if statistic == "gi":
            found = esda.G_Local(values, weights, transform="B", star=True, permutations=permutations, n_jobs=jobs,
                                 keep_simulations=False, seed=12345).Zs
        else:
            found = esda.Moran_Local(values, weights, permutations=permutations, n_jobs=jobs, keep_simulations=False,
                                     seed=12345).Is
        return time.monotonic() - start, found

    def weights_of(kind, shape):
        return libpysal.weights.lat2W(*shape) if kind == "rook" else graded(libpysal, shape)

    print(f"esda {esda.__version__}, libpysal {libpysal.__version__}, numpy {numpy.__version__}", flush=True)
    cases = [case.split("-") for case in options.cases.split(",")]
    for statistic, kind in cases:  # numba compiles
        for jobs in (1, 2):
            theirs(statistic, lattice(numpy, (20, 50), 1), weights_of(kind, (20, 50)), jobs, 99)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "values.txt")
        for size in map(int, options.sizes.split(",")):
            shape = SIZES[size]
            values = lattice(numpy, shape, 7)
            with open(file, "w") as out:
                out.writelines(f"{value!r}\n" for value in values.tolist())
            for statistic, kind in cases:
                compare(options, program, file, shape, statistic, kind, values, theirs, weights_of)


def compare(options, program, file, shape, statistic, kind, values, theirs, weights_of):
    took = {key: [] for key in ("full", "sequential", 1, 2)}
    spent = {key: [] for key in ("full", "sequential", 1)}
    apart = 0.0
    for turn in range(options.rounds):
        for stopping in ("full", "sequential"):
            seconds, of_processor, rows = qala(program, file, shape, statistic, kind, stopping, options.permutations, turn)
            took[stopping].append(seconds)
            spent[stopping].append(of_processor)
        for jobs in (1, 2):
            weights = weights_of(kind, shape)
            weights.sparse  # built before the clock starts
            of_processor = time.process_time()
            seconds, found = theirs(statistic, values, weights, jobs, options.permutations)
            took[jobs].append(seconds)
            if jobs == 1:
                spent[jobs].append(time.process_time() - of_processor)
            apart = max(apart, max(abs(a - b) / max(1.0, abs(b)) for a, b in zip(rows[0], found)))
    time_of = {key: statistics.median(times) for key, times in took.items()}
    cpu_of = {key: statistics.median(times) for key, times in spent.items()}
    best = min((1, 2), key=time_of.get)
    decided = {
        (stopping, seed): [p <= 0.05 for p in qala(program, file, shape, statistic, kind, stopping, options.permutations, seed)[2][2]]
        for stopping in ("full", "sequential")
        for seed in (1, 2, 3)
    }

    def differ(a, b):
        return sum(x != y for x, y in zip(decided[a], decided[b]))

    seeds = [(1, 2), (1, 3), (2, 3)]
    twice = [differ(("full", a), ("full", b)) for a, b in seeds]
    same = [differ(("full", a), ("sequential", a)) for a in (1, 2, 3)]
    other = [differ(("full", a), ("sequential", b)) for a, b in seeds]
    name = f"{'Gi*' if statistic == 'gi' else 'local Moran'}, {kind} weights, {shape[0]} x {shape[1]} cells, {options.permutations} permutations"
    print(f"proof: {name}: esda {time_of[best]:.2f} s with {best} job(s) ({time_of[1]:.2f} s, {time_of[2]:.2f} s); Qala in full "
          f"{time_of['full']:.4f} s, {time_of[best] / time_of['full']:.0f} times faster; sequential {time_of['sequential']:.4f} s, "
          f"{time_of[best] / time_of['sequential']:.0f} times faster; on the processor alone, esda with one job {cpu_of[1]:.2f} s, Qala "
          f"with start and files {cpu_of['full']:.3f} s and {cpu_of['sequential']:.3f} s; statistics apart by {apart:.1e}; {sum(decided['full', 1])} "
          f"cells found; decisions that differ: two full runs {twice}, full and sequential of one seed {same}, of two seeds {other}",
          flush=True)


main()
