#!/usr/bin/env python3
"""The timetable of New York's subway with statistics of its routes: `qala model run transit.route_stats` beside gtfs-kit.

In one run; both read the zip. Compares the numbers too. Prints `proof:` lines. Needs the folder of public files and
gtfs-kit (`pip install gtfs-kit`); without these it says so.

    python3 benches/gtfs.py [--binary PATH] [--feed PATH]
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def ours(binary, feed, date, folder):
    out = os.path.join(folder, "routes.csv")
    start = time.monotonic()
    subprocess.run([binary, "model", "run", "transit.route_stats", "--input", f"feed={feed}", "--set", f"date={date}",
                    "--out", f"routes={out}"], check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - start
    with open(out, encoding="utf-8") as rows:
        return took, {row["route_id"]: row for row in csv.DictReader(rows)}


def theirs(feed, date):
    import gtfs_kit
    start = time.monotonic()
    read = gtfs_kit.read_feed(feed, dist_units="km")
    trips = gtfs_kit.compute_trip_stats(read)
    routes = gtfs_kit.compute_route_stats(read, [date.replace("-", "")], trips)
    return time.monotonic() - start, {row["route_id"]: row for row in routes.to_dict("records")}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", default=os.path.join(ROOT, "target", "debug", "qala"))
    options.add_argument("--feed", default=os.path.join(ROOT, "..", "shared", "data", "gtfs", "nyc_subway.zip"))
    options.add_argument("--date", default="", help="service day; the one with the most trips when absent")
    options = options.parse_args()
    if not os.path.exists(options.feed):
        sys.exit("skipped: gtfs: ../shared/data is not there")
    with tempfile.TemporaryDirectory() as folder:
        turns = [ours(options.binary, options.feed, options.date, folder) for _ in range(5)]
    us, found = statistics.median(took for took, _ in turns), turns[0][1]
    date = options.date or next(iter(found.values()))["date"]
    print(f"proof: {os.path.basename(options.feed)}: read with statistics of {len(found)} routes in {us:.2f} s")
    try:
        import gtfs_kit  # noqa: F401
    except ImportError:
        print("skipped: gtfs: gtfs-kit is not installed, so there is nothing to compare with")
        return
    them, expected = theirs(options.feed, date)
    if set(found) != set(expected):
        sys.exit(f"routes differ: {sorted(set(found) ^ set(expected))}")
    worst = {}
    for route, row in expected.items():
        for mine, yours in [("trips", "num_trips"), ("mean_headway_min", "mean_headway"), ("peak_trips", "peak_num_trips"),
                            ("min_headway_min", "min_headway"), ("max_headway_min", "max_headway"),
                            ("duration_h", "service_duration"), ("distance_km", "service_distance"),
                            ("speed_km_h", "service_speed")]:
            if found[route][mine] == "" or row[yours] != row[yours]:
                continue
            difference = abs(float(found[route][mine]) - row[yours]) / max(abs(row[yours]), 1e-9)
            worst[mine] = max(worst.get(mine, (0, "")), (difference, route))
    print(f"proof: gtfs-kit {them:.1f} s: {them / us:.0f} times as long; largest relative differences: "
          + ", ".join(f"{name} {difference:.1g} ({route})" for name, (difference, route) in worst.items()))


main()
