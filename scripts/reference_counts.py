#!/usr/bin/env python3
"""Counts the rows of the public test files with other readers than ours (csv, pandas, geopandas, openpyxl, gtfs-realtime-bindings).

Prints JSON that crates/qala-feeds/tests/reference_counts.json keeps and the tests of qala-feeds compare with:

    python3 -m venv .venv && .venv/bin/pip install pandas==3.1.1 gtfs-realtime-bindings==3.0.0 geopandas openpyxl
    .venv/bin/python scripts/reference_counts.py ../shared/data > crates/qala-feeds/tests/reference_counts.json
"""

import collections
import csv
import importlib.metadata
import io
import json
import pathlib
import sys
import zipfile

import pandas
import reference_files
import reference_ocds
from google.transit import gtfs_realtime_pb2

GTFS_KEYS = {
    "agency": ["agency_id"],
    "stops": ["stop_id"],
    "routes": ["route_id"],
    "trips": ["trip_id"],
    "stop_times": ["trip_id", "stop_sequence"],
    "calendar": ["service_id"],
    "calendar_dates": ["service_id", "date"],
    "shapes": ["shape_id", "shape_pt_sequence"],
    "frequencies": ["trip_id", "start_time"],
    "transfers": ["from_stop_id", "to_stop_id", "from_route_id", "to_route_id", "from_trip_id", "to_trip_id"],
    "feed_info": ["feed_publisher_name"],
    "fare_attributes": ["fare_id"],
    "fare_rules": ["fare_id", "route_id", "origin_id", "destination_id", "contains_id"],
    "fare_media": ["fare_media_id"],
    "fare_products": ["fare_product_id", "rider_category_id", "fare_media_id"],
    "fare_leg_rules": [
        "network_id",
        "from_area_id",
        "to_area_id",
        "from_timeframe_group_id",
        "to_timeframe_group_id",
        "fare_product_id",
    ],
    "fare_transfer_rules": [
        "from_leg_group_id",
        "to_leg_group_id",
        "fare_product_id",
        "transfer_count",
        "duration_limit",
    ],
    "pathways": ["pathway_id"],
    "levels": ["level_id"],
    "translations": ["table_name", "field_name", "language", "record_id", "record_sub_id", "field_value"],
}


def gtfs_file(content, key):
    """Rows of a file, and rows whose key came before with other cells."""
    text = content.decode("utf-8-sig", errors="replace")
    lines = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(lines, [])]
    rows, conflicts, seen = 0, 0, {}
    for line in lines:
        if not line or (len(line) == 1 and not line[0].strip()):
            continue
        rows += 1
        cells = dict(zip(header, (cell.strip() for cell in line)))
        identity = tuple(cells.get(name, "") for name in key)
        whole = tuple(sorted((name, cell) for name, cell in cells.items() if cell))
        conflicts += seen.setdefault(identity, whole) != whole
    return {"rows": rows, "conflicts": conflicts}


def gtfs_archive(content, name):
    """Feeds of an archive: one per folder, one per inner archive."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    folders, inner = collections.OrderedDict(), []
    for path in archive.namelist():
        if path.endswith("/"):
            continue
        if path.endswith(".zip"):
            inner.append(path)
            continue
        folder, _, file = path.rpartition("/")
        stem = file.removesuffix(".txt")
        if stem in GTFS_KEYS and file.endswith(".txt"):
            folders.setdefault(folder, {})[stem] = gtfs_file(archive.read(path), GTFS_KEYS[stem])
    feeds = {}
    for folder, files in folders.items():
        feeds[folder.rpartition("/")[2] or name] = files
    for path in inner:
        content = archive.read(path)
        if not zipfile.is_zipfile(io.BytesIO(content)):
            continue
        stem = path.rpartition("/")[2].removesuffix(".zip")
        for files in gtfs_archive(content, name).values():
            feeds[path if stem in feeds else stem] = files
    return feeds


def gtfs_realtime(content):
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString(content)
    vehicles = [entity.vehicle for entity in message.entity if entity.HasField("vehicle")]
    updates = [entity.trip_update for entity in message.entity if entity.HasField("trip_update")]
    return {
        "transit_vehicle_positions": len(vehicles),
        "transit_trip_updates": sum(max(1, len(update.stop_time_update)) for update in updates),
        "transit_alerts": sum(entity.HasField("alert") for entity in message.entity),
        "with_trip": sum(bool(vehicle.trip.trip_id) for vehicle in vehicles),
        "sum_lat": sum(vehicle.position.latitude for vehicle in vehicles),
        "sum_t": sum(vehicle.timestamp for vehicle in vehicles) + sum(update.timestamp for update in updates),
    }


def long_table(frame, key):
    """Counts of a frame with the columns `key` and `value`."""
    frame = frame.dropna(subset=["value"])
    whole = frame.duplicated(key + ["value"]).sum()
    return {
        "rows": len(frame),
        "exact_duplicates": int(whole),
        "conflicting_duplicates": int(frame.duplicated(key).sum() - whole),
        "sum": float(frame["value"].sum()),
        "first_t": int(frame["t"].min().timestamp()) if "t" in frame else None,
        "last_t": int(frame["t"].max().timestamp()) if "t" in frame else None,
    }


def beijing(path):
    frame = pandas.read_csv(path)
    times = pandas.to_datetime(frame[["year", "month", "day", "hour"]])
    frame["t"] = times.dt.tz_localize("Asia/Shanghai")
    names = {
        "PM2.5": "pm25",
        "PM10": "pm10",
        "SO2": "so2",
        "NO2": "no2",
        "CO": "co",
        "O3": "o3",
        "TEMP": "temperature",
        "PRES": "pressure",
        "DEWP": "dew_point",
        "RAIN": "rain",
        "WSPM": "wind_speed",
        "wd": "wind_from",
    }
    sectors = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split()
    frame["wd"] = frame["wd"].map({name: 22.5 * index for index, name in enumerate(sectors)})
    result = {}
    for column, quantity in names.items():
        part = frame[["station", "t", column]].rename(columns={column: "value"})
        result[quantity] = long_table(part, ["station", "t"])
    return result


def metr_la(path):
    frame = pandas.read_csv(path).melt(id_vars=["time"], var_name="detector")
    frame["t"] = pandas.to_datetime(frame["time"]).dt.tz_localize("America/Los_Angeles")
    frame["value"] *= 1.609344
    return {"speed": long_table(frame, ["detector", "t"])}


def i94(path):
    frame = pandas.read_csv(path)
    times = pandas.to_datetime(frame["date_time"])
    # An hour that the clock repeats is its first coming; one that it skips moves forward.
    frame["t"] = times.dt.tz_localize("America/Chicago", ambiguous=[True] * len(times), nonexistent=pandas.Timedelta("1h"))
    frame = frame.rename(columns={"traffic_volume": "value"})
    return {"flow": long_table(frame, ["t"])}


def cta(path):
    frame = pandas.read_csv(path)
    result = {}
    for column, mode in {"bus": "bus", "rail_boardings": "rail"}.items():
        part = frame[["service_date", "day_type", column]].rename(columns={column: "value"})
        result[mode] = long_table(part, ["service_date"])
    return result


def main():
    data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    result = {
        "tools": {
            "python": sys.version.split()[0],
            "pandas": pandas.__version__,
            "geopandas": importlib.metadata.version("geopandas"),
            "openpyxl": importlib.metadata.version("openpyxl"),
            "gtfs-realtime-bindings": importlib.metadata.version("gtfs-realtime-bindings"),
        },
        "gtfs": {path.name: gtfs_archive(path.read_bytes(), "feed") for path in sorted((data / "gtfs").glob("*.zip"))},
        "gtfs_rt": {path.name: gtfs_realtime(path.read_bytes()) for path in sorted((data / "gtfs_rt").glob("*.pb"))},
        "tables": {
            "air/beijing_multisite_hourly.csv.gz": beijing(data / "air/beijing_multisite_hourly.csv.gz"),
            "traffic/metr_la_speed_week.csv.gz": metr_la(data / "traffic/metr_la_speed_week.csv.gz"),
            "traffic/i94_hourly_volume.csv.gz": i94(data / "traffic/i94_hourly_volume.csv.gz"),
            "ridership/cta_daily_boardings.csv": cta(data / "ridership/cta_daily_boardings.csv"),
        },
    }
    result["files"] = reference_files.counts(data)
    result["ocds"] = reference_ocds.counts(data)
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
