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
from statistics import median
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
        stations = self.table("sim-air-stations")
        self.station_places = {r["station_id"]: self.where(r["lon"], r["lat"]) for r in stations}
        self.official = {r["station_id"] for r in stations if r.get("official") == "true"}
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
        self.seconds = seconds
        trips = read("trips")
        self.trip_service = {r["trip_id"]: r["service_id"] for r in trips}
        self.trip_line = {r["trip_id"]: (r["route_id"], r["direction_id"]) for r in trips}
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

        self.positions, self.reports = [], defaultdict(list)
        for (vehicle, t), body in self.keep("transit_vehicle_positions", rows()).items():
            v = gtfs_realtime_pb2.VehiclePosition()
            v.ParseFromString(body)
            where = (v.position.longitude, v.position.latitude)
            self.positions.append((vehicle, datetime.fromtimestamp(t, UTC), where))
            day, trip = v.trip.start_date, v.trip.trip_id
            if day and trip:
                run = (trip, date(int(day[:4]), int(day[4:6]), int(day[6:])), v.trip.start_time or None)
                self.reports[run].append((vehicle, t, v.current_stop_sequence, v.stop_id))

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


def against(day_norm):
    def compute(city, grain, begin, end):
        return [(place, period, value / day_norm, n) for place, period, value, n in pm25_mean(city, grain, begin, end)]

    return compute


def stations_within_tolerance(city, grain, begin, end):
    groups = defaultdict(list)
    for (station, hour), (value, n) in station_hours(city, begin, end).items():
        home = city.station_places.get(station, ["city"])[-1]
        groups[home, hour].append((station, value, n))
    own = defaultdict(list)
    for (home, hour), items in groups.items():
        if len(items) >= 3:
            middle = median(value for _, value, _ in items)
            for station, value, n in items:
                own[home, station, start(grain, hour)].append((value, middle, n))

    def triples():
        for (home, _, period), items in own.items():
            if len(items) >= 12:
                ratio = math.fsum(v for v, _, _ in items) / math.fsum(m for _, m, _ in items)
                for place in {"city", home}:
                    yield place, period, (abs(ratio - 1.0) <= 0.5, sum(n for _, _, n in items))

    return collect(triples(), lambda items: (sum(g for g, _ in items) / len(items), sum(n for _, n in items)))


ONE_TIME = {"pm25": 160.0, "pm10": 300.0, "so2": 500.0, "no2": 200.0, "co": 5000.0, "o3": 160.0}


def singles(finish):
    """Single readings of official posts as multiples of the greatest one-time concentration."""
    def compute(city, grain, begin, end):
        def triples():
            for (station, quantity, t), value in city.air_readings.items():
                if station in city.official and quantity in ONE_TIME and begin <= t < end:
                    for place in city.station_places[station]:
                        yield place, start(grain, t), ((station, quantity), value / ONE_TIME[quantity])

        return collect(triples(), finish)

    return compute


def standard_index(items):
    return max(times for _, times in items), len(items)


def highest_repeatability(items):
    above, all_of = Counter(), Counter()
    for key, times in items:
        above[key] += times > 1.0
        all_of[key] += 1
    return max(100.0 * above[key] / all_of[key] for key in all_of), len(items)


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


def detector_hours(city, quantity, begin, end, step="hour"):
    """(detector, hour) → mean and number of readings."""
    groups = defaultdict(list)
    for (detector, q, t), value in city.traffic_readings.items():
        if q == quantity and begin <= t < end:
            groups[detector, start(step, t)].append(value)
    return {key: (mean(values), len(values)) for key, values in groups.items()}


def traffic_mean(quantity):
    def compute(city, grain, begin, end):
        def triples():
            for (detector, hour), item in detector_hours(city, quantity, begin, end).items():
                for place in city.detector_places.get(detector, ["city"]):
                    yield place, start(grain, hour), item

        return collect(triples(), lambda items: (mean([m for m, _ in items]), sum(n for _, n in items)))

    return compute


def percentile(values, share):
    """Type 7."""
    values = sorted(values)
    at = share * (len(values) - 1)
    low = values[math.floor(at)]
    return low + (at - math.floor(at)) * (values[math.ceil(at)] - low)


def free_flow(city):
    """A function of detector and hour: the list's, or the 85th percentile of the nights of the week before or of its own."""
    nights = defaultdict(list)
    always = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for (detector, hour), (speed, _) in detector_hours(city, "speed", *always).items():
        local = hour.astimezone(ZONE)
        if local.hour >= 22 or local.hour < 6:
            nights[detector, local.date() - timedelta(days=local.weekday())].append(speed)

    def free(detector, hour):
        if detector in city.free_flow:
            return city.free_flow[detector]
        day = hour.astimezone(ZONE).date()
        week = day - timedelta(days=day.weekday())
        values = nights.get((detector, week - timedelta(days=7))) or nights.get((detector, week))
        return percentile(values, 0.85) if values else None

    return free


def congested_share(city, grain, begin, end):
    free = free_flow(city)

    def triples():
        for (detector, hour), (speed, n) in detector_hours(city, "speed", begin, end).items():
            if free(detector, hour) is not None:
                for place in city.detector_places.get(detector, ["city"]):
                    yield place, start(grain, hour), (speed < 0.5 * free(detector, hour), n)

    return collect(triples(), lambda items: (sum(s for s, _ in items) / len(items), sum(n for _, n in items)))


def travel_time_index(city, grain, begin, end):
    free, flows = free_flow(city), detector_hours(city, "flow", begin, end)

    def triples():
        for (detector, hour), (speed, n) in detector_hours(city, "speed", begin, end).items():
            if free(detector, hour) is not None and (detector, hour) in flows:
                flow = flows[detector, hour][0]
                for place in city.detector_places.get(detector, ["city"]):
                    yield place, start(grain, hour), (flow * free(detector, hour) / speed, flow, n)

    def finish(items):
        return math.fsum(a for a, _, _ in items) / math.fsum(b for _, b, _ in items), sum(n for _, _, n in items)

    return collect(triples(), finish)


def buffer_index(city, grain, begin, end):
    def triples():
        for (detector, hour), (speed, n) in detector_hours(city, "speed", begin, end).items():
            for place in city.detector_places.get(detector, ["city"]):
                yield place, start(grain, hour), (detector, 1.0 / speed, n)

    def finish(items):
        times, rows = defaultdict(list), Counter()
        for detector, time, n in items:
            times[detector].append(time)
            rows[detector] += n
        judged = {d: percentile(ts, 0.95) / mean(ts) - 1.0 for d, ts in times.items() if len(ts) >= 12}
        if not judged:
            return None
        return mean(list(judged.values())), sum(rows[d] for d in judged)

    return [row for row in collect(triples(), lambda items: finish(items) or (None, 0)) if row[2] is not None]


def detectors_working(city, grain, begin, end):
    heard, readings = defaultdict(set), Counter()
    for (detector, q, t), _ in city.traffic_readings.items():
        if begin <= t < end and q in ("flow", "speed"):
            for place in city.detector_places[detector]:
                heard[place, start(grain, t)].add((detector, start("hour", t)))
                readings[place, start(grain, t)] += 1
    hours, at = Counter(), begin
    while at < end:
        hours[start(grain, at)] += 1
        at += HOUR
    listed = Counter(place for places in city.detector_places.values() for place in places)
    periods = {period for place, period in heard if place == "city"}
    return [(place, period, len(heard[place, period]) / (listed[place] * hours[period]), readings[place, period])
            for place in listed for period in periods]


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


def trips_run(city, grain, begin, end):
    def triples():
        for (_, day, _), reports in city.reports.items():
            if begin <= midnight(day) < end:
                places = [city.stop_places.get(stop, ["city"]) for _, _, _, stop in reports]
                for place in {p for list_of in places for p in list_of}:
                    yield place, start(grain, midnight(day)), sum(place in list_of for list_of in places)

    return collect(triples(), lambda items: (float(len(items)), sum(items)))


def passages(city, begin, end):
    """Departures seen between two reports: day, trip, stop, first and last possible second, planned second."""
    planned, out = {}, []
    for trip_calls in city.trips_of.values():
        for trip, calls, _ in trip_calls:
            planned[trip] = {sequence: (stop, second) for sequence, second, stop in calls[:-1]}
            planned[trip, "first"] = calls[0][1]
    for (trip, day, start_time), reports in city.reports.items():
        if not begin <= midnight(day) < end:
            continue
        zero = midnight_of_service(day)
        shift = city.seconds(start_time) - planned[trip, "first"] if start_time else 0
        by_vehicle = defaultdict(list)
        for vehicle, t, sequence, _ in reports:
            by_vehicle[vehicle].append((t, sequence))
        for steps in by_vehicle.values():
            steps.sort()
            for (t1, s1), (t2, s2) in zip(steps, steps[1:]):
                if s2 > s1 and t2 <= t1 + 120:
                    for sequence in range(s1, s2):
                        if sequence in planned[trip]:
                            stop, second = planned[trip][sequence]
                            out.append((day, trip, stop, t1, t2, zero + second + shift))
    return out


def midnight_of_service(day):
    return datetime.combine(day, time(12), ZONE).timestamp() - 43200


def on_time_share(city, grain, begin, end):
    def triples():
        for day, _, stop, t1, t2, due in passages(city, begin, end):
            for place in city.stop_places[stop]:
                yield place, start(grain, midnight(day)), due - 60 <= (t1 + t2) / 2 <= due + 300

    return collect(triples(), lambda items: (sum(items) / len(items), len(items)))


def excess_wait(city, grain, begin, end):
    seen, due = defaultdict(list), defaultdict(list)
    for day, trip, stop, t1, t2, _ in passages(city, begin, end):
        seen[(*city.trip_line[trip], stop, day)].append((t1 + t2) / 2)
    for day in days_between(begin, end):
        for service in city.services(day):
            for trip, calls, shifts in city.trips_of[service]:
                for _, second, stop in calls[:-1]:
                    due[(*city.trip_line[trip], stop, day)] += [second + shift for shift in shifts]
    gaps = lambda times: [b - a for a, b in zip(sorted(times), sorted(times)[1:])]

    def triples():
        for key, times in due.items():
            wanted, actual = gaps(times), gaps(seen.get(key, []))
            if wanted and sum(wanted) / len(wanted) <= 720:
                if 4 * len(seen.get(key, [])) < 3 * len(times):
                    wanted, actual = [], []
                rows = len(seen[key]) if wanted else 0
                for place in city.stop_places[key[2]]:
                    yield place, start(grain, midnight(key[3])), (wanted, actual, rows, len(times))

    def finish(items):
        wait = lambda k: sum(h * h for i in items for h in i[k]) / sum(h for i in items for h in i[k]) / 120.0
        rows, expected = sum(i[2] for i in items), sum(i[3] for i in items)
        return (wait(1) - wait(0)) if rows >= 0.75 * expected else None, rows

    return collect(triples(), finish)


ALL = ["hour", "day", "week", "month"]
INDICATORS = {
    "air.pm25_mean": (pm25_mean, ALL),
    "air.pm25_max_hour": (pm25_max_hour, ALL[1:]),
    "air.pm25_hours_over_norm": (pm25_hours_over_norm, ALL[1:]),
    "air.station_coverage": (station_coverage, ALL),
    "air.pm25_against_national_norm": (against(35.0), ["day"]),
    "air.pm25_against_who_guideline": (against(15.0), ["day"]),
    "air.pm25_against_eu_limit": (against(25.0), ["day"]),
    "air.stations_within_tolerance": (stations_within_tolerance, ["day"]),
    "air.standard_index": (singles(standard_index), ["day"]),
    "air.highest_repeatability": (singles(highest_repeatability), ["day"]),
    "traffic.mean_speed": (traffic_mean("speed"), ALL),
    "traffic.flow": (traffic_mean("flow"), ALL),
    "traffic.congested_share": (congested_share, ALL),
    "traffic.travel_time_index": (travel_time_index, ALL),
    "traffic.buffer_index": (buffer_index, ALL[1:]),
    "traffic.detectors_working": (detectors_working, ALL),
    "transit.scheduled_trips": (scheduled_trips, ALL[1:]),
    "transit.scheduled_departures": (scheduled_departures, ALL),
    "transit.vehicles_reporting": (vehicles_reporting, ALL),
    "transit.trips_run": (trips_run, ALL[1:]),
    "transit.on_time_share": (on_time_share, ALL[1:3]),
    "transit.excess_wait": (excess_wait, ALL[1:3]),
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
                for place, period, value, rows in sorted(compute(city, grain, begin, end), key=lambda row: row[:2]):
                    text = "" if value is None else repr(value)
                    writer.writerow([place, grain, period.strftime("%Y-%m-%dT%H:%M:%SZ"), text, rows])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
