#!/usr/bin/env python3
"""Computes the indicators of the seeded city a second time, without SQL and without any code of Qala.

    cargo run -p qala-sim --example write -- DIR
    python3 scripts/reference_indicators.py DIR indicators/golden

reads the files as an import does (in their order: same key and values is a duplicate, same key and other values
supersedes, an impossible value is rejected) and writes one CSV for each indicator: place, grain, period_start (UTC),
value, row_count. The definitions are those in the headers of indicators/**/*.sql.

Needs: shapely, gtfs-realtime-bindings.
"""
import csv
import io
import json
import math
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from google.transit import gtfs_realtime_pb2
from shapely import wkt
from shapely.geometry import Point

ZONE = ZoneInfo("Asia/Almaty")
UTC = timezone.utc
HOUR = timedelta(hours=1)


def midnight(day):
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def start(grain, t):
    """The start of the local period that holds t, as an instant."""
    local = t.astimezone(ZONE)
    if grain == "hour":
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day = local.date()
    if grain == "week":
        day -= timedelta(days=day.weekday())
    if grain == "month":
        day = day.replace(day=1)
    return midnight(day)


def mean(values):
    return math.fsum(values) / len(values)


class City:
    def __init__(self, folder):
        self.folder = Path(folder)
        truth = json.loads((self.folder / "truth.json").read_text())
        self.first = date.fromisoformat(truth["start"])
        self.days = truth["days"]
        self.counts = {}
        with open(self.folder / "places.csv", encoding="utf-8", newline="") as f:
            self.places = {r["place_id"]: wkt.loads(r["geometry"]) for r in csv.DictReader(f)}
        self.expected_counts = truth["datasets"]
        self.air()
        self.traffic()
        self.gtfs()
        self.vehicles()

    def files(self, feed):
        return sorted((self.folder / feed).iterdir())

    def table(self, feed):
        rows = []
        for path in self.files(feed):
            with open(path, encoding="utf-8", newline="") as f:
                rows += list(csv.DictReader(f))
        return rows

    def where(self, lon, lat):
        point = Point(float(lon), float(lat))
        return ["city"] + [place for place, outline in self.places.items() if outline.contains(point)]

    def keep(self, name, rows):
        """Rows (key, value or None when impossible) in file order; gives what is visible at the end."""
        out, count = {}, Counter(received=0, accepted=0, duplicate=0, quarantined=0)
        for key, value in rows:
            count["received"] += 1
            if value is None:
                count["quarantined"] += 1
            elif out.get(key) == value:
                count["duplicate"] += 1
            else:
                count["accepted"] += 1
                out[key] = value
        self.counts[name] = count
        return out

    def air(self):
        self.station_places = {r["station_id"]: self.where(r["lon"], r["lat"]) for r in self.table("sim-air-stations")}
        least = defaultdict(lambda: 0.0, temperature=-70.0)

        def rows():
            for path in self.files("sim-air-readings"):
                for r in json.loads(path.read_text()):
                    value = r["value"] * 1000 if r["unit"] == "mg/m3" else r["value"]
                    good = value >= least[r["quantity"]]
                    key = (r["station_id"], r["quantity"], datetime.fromisoformat(r["t"]).astimezone(UTC))
                    yield key, value if good else None

        self.air_readings = self.keep("air_readings", rows())

    def traffic(self):
        detectors = self.table("sim-traffic-detectors")
        self.detector_places = {r["detector_id"]: self.where(r["lon"], r["lat"]) for r in detectors}
        self.free_flow = {r["detector_id"]: float(r["free_flow_kmh"]) for r in detectors if r["free_flow_kmh"]}

        def rows():
            for r in self.table("sim-traffic-readings"):
                t = datetime.fromisoformat(r["t"]).astimezone(UTC)
                for column, quantity, most in (("flow_veh_h", "flow", 30000.0), ("speed_km_h", "speed", 250.0)):
                    if r[column]:
                        value = float(r[column])
                        yield (r["detector_id"], quantity, t), value if value <= most else None

        self.traffic_readings = self.keep("traffic_readings", rows())

    def gtfs(self):
        archive = zipfile.ZipFile(self.files("sim-gtfs")[0])
        read = lambda name: list(csv.DictReader(io.TextIOWrapper(archive.open(name + ".txt"), "utf-8")))
        self.stop_places = {r["stop_id"]: self.where(r["stop_lon"], r["stop_lat"]) for r in read("stops")}
        self.calendar, self.exceptions = read("calendar"), defaultdict(dict)
        for r in read("calendar_dates"):
            self.exceptions[r["date"]][r["service_id"]] = r["exception_type"]
        seconds = lambda text: sum(int(p) * f for p, f in zip(text.split(":"), (3600, 60, 1)))
        self.trip_service = {r["trip_id"]: r["service_id"] for r in read("trips")}
        self.calls, starts = defaultdict(list), defaultdict(list)
        for r in read("stop_times"):
            self.calls[r["trip_id"]].append((int(r["stop_sequence"]), seconds(r["departure_time"]), r["stop_id"]))
        for r in read("frequencies"):
            at, end = seconds(r["start_time"]), seconds(r["end_time"])
            while at < end:
                starts[r["trip_id"]].append(at)
                at += int(r["headway_secs"])
        self.trips_of = defaultdict(list)
        for trip, service in self.trip_service.items():
            calls = sorted(self.calls[trip])
            shifts = [s - calls[0][1] for s in starts[trip]] if trip in starts else [0]
            self.trips_of[service].append((trip, calls, shifts))

    def services(self, day):
        text = day.strftime("%Y%m%d")
        names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        usual = {
            c["service_id"]
            for c in self.calendar
            if c["start_date"] <= text <= c["end_date"] and c[names[day.weekday()]] == "1"
        }
        for service, kind in self.exceptions[text].items():
            (usual.add if kind == "1" else usual.discard)(service)
        return usual

    def vehicles(self):
        def rows():
            for path in self.files("sim-vehicle-positions"):
                message = gtfs_realtime_pb2.FeedMessage()
                message.ParseFromString(path.read_bytes())
                for entity in message.entity:
                    v = entity.vehicle
                    good = abs(v.position.latitude) <= 90
                    yield (v.vehicle.id, v.timestamp), v.SerializeToString(deterministic=True) if good else None

        self.positions = []
        for (vehicle, t), body in self.keep("transit_vehicle_positions", rows()).items():
            v = gtfs_realtime_pb2.VehiclePosition()
            v.ParseFromString(body)
            where = (v.position.longitude, v.position.latitude)
            self.positions.append((vehicle, datetime.fromtimestamp(t, UTC), where))

    def ranges(self, grains):
        """(grain, from, to): the simulated days by hour and day, their whole week and month."""
        first, last = self.first, self.first + timedelta(days=self.days)
        week = first - timedelta(days=first.weekday())
        month = first.replace(day=1)
        spans = {
            "hour": (first, last),
            "day": (first, last),
            "week": (week, week + timedelta(days=7)),
            "month": (month, (month + timedelta(days=31)).replace(day=1)),
        }
        return [(g, midnight(spans[g][0]), midnight(spans[g][1])) for g in grains]


def days_between(begin, end):
    day, last = begin.astimezone(ZONE).date(), (end - timedelta(seconds=1)).astimezone(ZONE).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def collect(triples, finish):
    """(place, period, item) → [(place, period, value, rows)]."""
    groups = defaultdict(list)
    for place, period, item in triples:
        groups[place, period].append(item)
    return [(place, period, *finish(items)) for (place, period), items in groups.items()]


def station_hours(city, begin, end):
    groups = defaultdict(list)
    for (station, quantity, t), value in city.air_readings.items():
        if quantity == "pm25" and begin <= t < end:
            groups[station, start("hour", t)].append(value)
    return {key: (mean(values), len(values)) for key, values in groups.items()}


def pm25_mean(city, grain, begin, end):
    def triples():
        for (station, hour), item in station_hours(city, begin, end).items():
            for place in city.station_places.get(station, ["city"]):
                yield place, start(grain, hour), item

    return collect(triples(), lambda items: (mean([m for m, _ in items]), sum(n for _, n in items)))


def place_hours(city, begin, end):
    return [(p, t, (v, n)) for p, t, v, n in pm25_mean(city, "hour", begin, end)]


def pm25_max_hour(city, grain, begin, end):
    triples = ((p, start(grain, t), item) for p, t, item in place_hours(city, begin, end))
    return collect(triples, lambda items: (max(v for v, _ in items), sum(n for _, n in items)))


def pm25_hours_over_norm(city, grain, begin, end):
    triples = ((p, start(grain, t), item) for p, t, item in place_hours(city, begin, end))
    return collect(triples, lambda items: (float(sum(v > 35.0 for v, _ in items)), sum(n for _, n in items)))


def station_coverage(city, grain, begin, end):
    times = defaultdict(list)
    for station, quantity, t in city.air_readings:
        if quantity == "pm25":
            times[station].append(t)
    step = {}
    for station, list_of_times in times.items():
        by_day = defaultdict(list)
        for t in sorted(list_of_times):
            by_day[t.astimezone(ZONE).date()].append(t)
        for day, ts in by_day.items():
            gaps = Counter((b - a).total_seconds() for a, b in zip(ts, ts[1:]))
            if gaps:
                step[station, day] = min(gaps, key=lambda g: (-gaps[g], g))

    def triples():
        hour = begin
        while hour < end:
            day = hour.astimezone(ZONE).date()
            for station, ts in times.items():
                usual = next((step[station, day - timedelta(days=k)] for k in range(7)
                              if (station, day - timedelta(days=k)) in step), None)
                if usual is None:
                    continue
                n = arrived[station, hour]
                for place in city.station_places.get(station, ["city"]):
                    yield place, start(grain, hour), (station, 3600.0 / usual, n)
            hour += HOUR

    arrived = Counter((station, start("hour", t)) for station, ts in times.items() for t in ts if begin <= t < end)

    def finish(items):
        expected, came = defaultdict(list), Counter()
        for station, e, n in items:
            expected[station].append(e)
            came[station] += n
        sums = {s: math.fsum(e) for s, e in expected.items()}
        used = math.fsum(min(float(came[s]), sums[s]) for s in sums)
        return used / math.fsum(sums.values()), sum(came.values())

    return collect(triples(), finish)


def traffic_mean(quantity):
    def compute(city, grain, begin, end):
        def triples():
            for (detector, q, t), value in city.traffic_readings.items():
                if q == quantity and begin <= t < end:
                    for place in city.detector_places.get(detector, ["city"]):
                        yield place, start(grain, t), value

        return collect(triples(), lambda items: (mean(items), len(items)))

    return compute


def percentile(values, share):
    """Type 7."""
    values = sorted(values)
    at = share * (len(values) - 1)
    low = values[math.floor(at)]
    return low + (at - math.floor(at)) * (values[math.ceil(at)] - low)


def congested_share(city, grain, begin, end):
    groups = defaultdict(list)
    for (detector, q, t), value in city.traffic_readings.items():
        if q == "speed":
            groups[detector, start("hour", t)].append(value)
    hours = {key: (mean(values), len(values)) for key, values in groups.items()}
    by_day = defaultdict(list)
    for (detector, hour), (speed, _) in hours.items():
        by_day[detector, hour.astimezone(ZONE).date()].append(speed)

    def free(detector, hour):
        if detector in city.free_flow:
            return city.free_flow[detector]
        day = hour.astimezone(ZONE).date()
        return percentile(sum((by_day[detector, day - timedelta(days=k)] for k in range(7)), []), 0.85)

    def triples():
        for (detector, hour), (speed, n) in hours.items():
            if begin <= hour < end:
                slow = speed < 0.5 * free(detector, hour)
                for place in city.detector_places.get(detector, ["city"]):
                    yield place, start(grain, hour), (slow, n)

    return collect(triples(), lambda items: (sum(s for s, _ in items) / len(items), sum(n for _, n in items)))


def scheduled_trips(city, grain, begin, end):
    def triples():
        for day in days_between(begin, end):
            period = start(grain, midnight(day))
            for service in city.services(day):
                for _, calls, shifts in city.trips_of[service]:
                    for place in {p for _, _, stop in calls for p in city.stop_places[stop]}:
                        yield place, period, len(shifts)

    return collect(triples(), lambda items: (float(sum(items)), len(items)))


def scheduled_departures(city, grain, begin, end):
    groups = Counter()
    for day in days_between(begin - timedelta(days=3), end):
        noon = datetime.combine(day, time(12), ZONE).astimezone(UTC)
        base = noon - timedelta(hours=12)
        for service in city.services(day):
            for _, calls, shifts in city.trips_of[service]:
                for _, second, stop in calls[:-1]:
                    for shift in shifts:
                        t = base + timedelta(seconds=second + shift)
                        if begin <= t < end:
                            period = start(grain, t)
                            for place in city.stop_places[stop]:
                                groups[place, period] += 1
    return [(place, period, float(n), n) for (place, period), n in groups.items()]


def vehicles_reporting(city, grain, begin, end):
    seen = defaultdict(list)
    for vehicle, t, where in city.positions:
        if begin <= t < end:
            seen[vehicle, start(grain, t)].append((t, where))

    def triples():
        for (_, period), reports in seen.items():
            _, where = max(reports)
            for place in city.where(*where):
                yield place, period, len(reports)

    return collect(triples(), lambda items: (float(len(items)), sum(items)))


ALL = ["hour", "day", "week", "month"]
INDICATORS = {
    "air.pm25_mean": (pm25_mean, ALL),
    "air.pm25_max_hour": (pm25_max_hour, ALL[1:]),
    "air.pm25_hours_over_norm": (pm25_hours_over_norm, ALL[1:]),
    "air.station_coverage": (station_coverage, ALL),
    "traffic.mean_speed": (traffic_mean("speed"), ALL),
    "traffic.flow": (traffic_mean("flow"), ALL),
    "traffic.congested_share": (congested_share, ALL),
    "transit.scheduled_trips": (scheduled_trips, ALL[1:]),
    "transit.scheduled_departures": (scheduled_departures, ALL),
    "transit.vehicles_reporting": (vehicles_reporting, ALL),
}


def main(folder, out):
    city = City(folder)
    for name, count in city.counts.items():
        expected = {k: city.expected_counts[name][k] for k in count}
        if expected != dict(count):
            sys.exit(f"{name}: counted {dict(count)}, truth.json says {expected}")
    Path(out).mkdir(parents=True, exist_ok=True)
    for name, (compute, grains) in INDICATORS.items():
        with open(Path(out) / f"{name}.csv", "w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f, lineterminator="\n")
            writer.writerow(["place", "grain", "period_start", "value", "row_count"])
            for grain, begin, end in city.ranges(grains):
                for place, period, value, rows in sorted(compute(city, grain, begin, end)):
                    writer.writerow([place, grain, period.strftime("%Y-%m-%dT%H:%M:%SZ"), repr(value), rows])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
