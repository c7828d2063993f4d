#!/usr/bin/env python3
"""A long stream into the lake, then questions to it and to DuckDB on plain Parquet of the same rows.

    python3 benches/scan.py [--rows 200000000] [--folder DIR]

Prints `proof:` lines. DuckDB comes as a Python package; without it (`pip install duckdb`) the comparison is skipped.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCANS = os.path.join(ROOT, "benches", "scans.sql")


def lake(*args):
    command = ["cargo", "bench", "--quiet", "--workspace", "--profile", "dev", "--bench", "lake", "--", *args]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="", flush=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return run.stdout.splitlines()


def duckdb_times(folder):
    try:
        import duckdb
    except ImportError:
        print("skipped: scan: the Python package duckdb is not installed, so there is nothing to compare with")
        return None
    base = duckdb.connect(config={"threads": os.cpu_count()})
    base.execute(f"CREATE VIEW bench_readings AS SELECT * FROM read_parquet('{folder}/*.parquet')")
    times = []
    with open(SCANS) as scans:
        for sql in scans:
            took = []
            for _ in range(3):
                start = time.monotonic()
                base.execute(sql).fetch_arrow_table() if hasattr(base, "fetch_arrow_table") else base.execute(sql).fetchall()
                took.append(time.monotonic() - start)
            times.append(sorted(took)[1])
    print(f"DuckDB {duckdb.__version__}")
    return times


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=200_000_000)
    options.add_argument("--folder")
    options = options.parse_args()
    folder = options.folder or tempfile.mkdtemp()
    data, plain = os.path.join(folder, "data"), os.path.join(folder, "plain")
    try:
        if not os.path.exists(data):
            lake("fill", data, str(options.rows))
        ours = [float(line.split()[2]) for line in lake("ask", data, SCANS) if line.startswith("scan ")]
        if not os.path.exists(plain):
            lake("export", data, plain)
        theirs = duckdb_times(plain)
        if theirs:
            ratios = [us / them for us, them in zip(ours, theirs)]
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            print(f"proof: ten full scans of {options.rows} rows with supersession on: {sum(ours):.1f} s, DuckDB on plain "
                  f"Parquet {sum(theirs):.1f} s; geometric mean of the ratios {mean:.2f} "
                  f"({', '.join(f'{r:.2f}' for r in ratios)})", flush=True)
        lake("beside", data, SCANS)
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)


main()
