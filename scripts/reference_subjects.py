#!/usr/bin/env python3
"""Computes the indicators of the books of the full seeded city a second time, without SQL and without any code of Qala.

    S="cargo run -p qala-sim --example stream --"; END=2026-01-05T00:00:00+05:00
    $S DIR history 2024-01-01T00:00:00+06:00 $END 1 sim-city-crashes sim-city-offences
    $S DIR history 2024-12-30T00:00:00+05:00 $END 1 sim-city-budget-commitments sim-city-budget-contracts \\
        sim-city-budget-payments sim-city-budget-payables sim-city-population-movements sim-city-kindergarten-queue
    $S DIR history 2025-09-01T00:00:00+05:00 $END 1 sim-city-appeals sim-city-appeal-changes sim-city-lights sim-city-footfall
    $S DIR history 2025-12-01T00:00:00+05:00 $END 1 sim-city-cordon
    $S DIR history 2025-12-29T00:00:00+05:00 $END 1 sim-city-air-hours sim-city-traffic-hours sim-city-transit-passengers
    $S DIR bulk 2025-12-29T00:00:00+05:00 $END 1 sim-city-transit-counts
    python3 scripts/reference_subjects.py DIR indicators/golden

writes one CSV for each indicator: place, grain, period_start (UTC), value, row_count. The definitions are those in the headers of
indicators/**/*.sql. crates/qala/tests/it/subjects.rs sends the same rows to a centre and compares.
"""
import csv
import io
import math
import re
import sys
import tomllib
import zipfile
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Almaty")
UTC = timezone.utc
DAY = timedelta(days=1)


def midnight(day):
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def when(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def month_of(day):
    return 12 * day.year + day.month - 1


def month_start(month):
    return date(month // 12, month % 12 + 1, 1)


class Period:
    def __init__(self, grain, first, last):
        """From the first local day to the last."""
        self.grain, self.first, self.last = grain, first, last
        self.begin, self.end = midnight(first), midnight(last + DAY)
        self.first_month, self.last_month = month_of(first), month_of(last)

    def has(self, t):
        return self.begin <= t < self.end

    def has_day(self, day):
        return self.first <= day <= self.last


def months(grain, first, count):
    return Period(grain, month_start(first), month_start(first + count) - DAY)


DEC = 12 * 2025 + 11
MONTHS = [months("month", DEC - 1, 1), months("month", DEC, 1)]
QUARTER, YEAR = [months("quarter", DEC - 2, 3)], [months("year", DEC - 11, 12)]
DAYS = [Period("day", date(2025, 12, d), date(2025, 12, d)) for d in (29, 30, 31)]
WEEK = [Period("week", date(2025, 12, 22), date(2025, 12, 28))]
MQY = MONTHS + QUARTER + YEAR
# A state at the end of a quarter is that at the end of its last month.
MY = MONTHS + YEAR


class City:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.outlines = {r["place_id"]: r["geometry"] for r in self.rows(self.folder / "places.csv")}
        self.districts = sorted(self.outlines)
        self.crashes = self.told("sim-city-crashes", "crash_id")
        self.offences = self.told("sim-city-offences", "offence_id")
        self.requests = self.told("sim-city-appeals", "request_id")
        self.changes = self.told("sim-city-appeal-changes", "request_id", "t", "status")
        self.lights = self.told("sim-city-lights", "asset_id", "t", "status")
        self.footfall = self.told("sim-city-footfall", "space_id", "t")
        self.movements = self.told("sim-city-population-movements", "place_id", "t")
        self.queue = self.told("sim-city-kindergarten-queue", "place_id", "t")
        self.cordon = self.told("sim-city-cordon", "gate_id", "direction", "t")
        self.stop_counts = self.told(
            "sim-city-transit-counts", "route_id", "direction_id", "service_date", "band", "seq"
        )
        self.passengers = self.told("sim-city-transit-passengers", "route_id", "service_date")
        self.air_hours = self.told("sim-city-air-hours", "station_id", "quantity", "t")
        self.traffic_hours = self.told("sim-city-traffic-hours", "detector_id", "t")
        self.payables = self.told("sim-city-budget-payables", "t", "code")
        self.contracts = self.told("sim-city-budget-contracts", "contract_id", "t")
        self.money = {
            "plan": self.list("sim-city-budget-plan"),
            "committed": self.told("sim-city-budget-commitments", "commitment_id", "t"),
            "paid": self.told("sim-city-budget-payments", "payment_id", "t"),
        }
        codes = self.list("sim-city-budget-codes")
        self.code_places = {r["code"]: r["place_id"] for r in codes if r["place_id"]}
        self.homes = {}
        self.residents = {r["place_id"]: int(r["residents"]) for r in self.list("sim-city-districts")}

    def rows(self, path):
        with open(path, encoding="utf-8", newline="") as f:
            return list(csv.DictReader(f))

    def list(self, feed):
        return [r for path in sorted((self.folder / feed).iterdir()) for r in self.rows(path)]

    def told(self, feed, *key):
        """Rows of a feed by key: the last one counts."""
        out = {}
        for path in sorted((self.folder / "upsert" / feed).iterdir()):
            for r in self.rows(path):
                out[tuple(r[k] for k in key)] = r
        return list(out.values())

    def places(self, district):
        return ["city", district] if district in self.outlines else ["city"]


def local(t):
    return t.astimezone(ZONE).date()


def first_whole(days, slack):
    first = min(days)
    return month_of(first) + (first.day > slack)


def told_or_hidden(counts, values, rows):
    """By place: values, with one to four hidden, and the next smallest district where only one would be."""
    hidden = {p for p, n in counts.items() if 1 <= n <= 4}
    small = hidden - {"city"}
    if len(small) == 1:
        larger = sorted((n, p) for p, n in counts.items() if n >= 5 and p != "city")
        hidden |= {p for _, p in larger[:1]}
    return [(p, None if p in hidden else values[p], rows[p]) for p in counts]


# --- safety

def crash_months(city):
    if not hasattr(city, "ksi"):
        city.ksi, city.crash_count = Counter(), Counter()
        for r in city.crashes:
            month = month_of(local(when(r["t"])))
            for place in city.places(r["place_id"]):
                city.ksi[place, month] += int(r["killed"]) + int(r["seriously_injured"])
                city.crash_count[place, month] += 1
        city.crashes_whole = first_whole([local(when(r["t"])) for r in city.crashes], 3)
    return city.ksi, city.crash_count


def ksi_places(city, period):
    return ["city"] + (city.districts if period.grain == "year" else [])


def of_months(counter, place, first, last):
    return sum(counter[place, m] for m in range(first, last + 1))


def killed_seriously_injured(city, period):
    ksi, crashes = crash_months(city)
    counts = {p: of_months(ksi, p, period.first_month, period.last_month) for p in ksi_places(city, period)}
    rows = {p: of_months(crashes, p, period.first_month, period.last_month) for p in counts}
    return told_or_hidden(counts, {p: float(n) for p, n in counts.items()}, rows)


def twelve(city, period):
    ksi, crashes = crash_months(city)
    counts = {p: of_months(ksi, p, period.last_month - 11, period.last_month) for p in ksi_places(city, period)}
    return counts, {p: of_months(crashes, p, period.last_month - 11, period.last_month) for p in counts}


def ksi_per_100000(city, period):
    counts, rows = twelve(city, period)
    of = lambda p: sum(city.residents.values()) if p == "city" else city.residents[p]
    return told_or_hidden(counts, {p: 100000.0 * n / of(p) for p, n in counts.items()}, rows)


def against_path_to_zero(city, period):
    counts, rows = twelve(city, period)
    programmes = tomllib.loads((Path(__file__).parent.parent / "packs/almaty/programmes.toml").read_text("utf-8"))
    targets = [t for p in programmes["programme"] for t in p.get("target", []) if "share" in t]
    base_year = -(-city.crashes_whole // 12)
    path = {12 * base_year + 11: 1.0}
    path |= {12 * t["year"] + 11: t["share"] for t in targets if t["indicator"] == "safety.killed_seriously_injured"}
    before = max(m for m in path if m <= period.last_month)
    after = min((m for m in path if m > period.last_month), default=before)
    gone = (period.last_month - before) / (after - before) if after > before else 0.0
    share = path[before] + (path[after] - path[before]) * gone
    base = {p: of_months(city.ksi, p, 12 * base_year, 12 * base_year + 11) for p in counts}
    least = {p: min(counts[p], base[p]) for p in counts}
    return told_or_hidden(least, {p: counts[p] / (base[p] * share) if base[p] else None for p in counts}, rows)


def high_injury_share(city, period):
    crash_months(city)
    length = {r["segment_id"]: float(r["length_m"]) for r in city.list("sim-city-streets")}
    past = Counter()
    for r in city.crashes:
        month = month_of(local(when(r["t"])))
        if max(period.first_month - 36, city.crashes_whole) <= month < period.first_month and r["segment_id"] in length:
            past[r["segment_id"]] += int(r["killed"]) + int(r["seriously_injured"])
    order = sorted((s for s in past if past[s]), key=lambda s: (-(past[s] / length[s]), s))
    network, held = set(), 0
    while 100 * held < 65 * sum(past.values()):
        network.add(order[len(network)])
        held = sum(past[s] for s in network)
    ksi, on_it, rows = Counter(), Counter(), Counter()
    for r in city.crashes:
        if period.has(when(r["t"])) and r["segment_id"] in length:
            n = int(r["killed"]) + int(r["seriously_injured"])
            for place in city.places(r["place_id"]) if period.grain == "year" else ["city"]:
                ksi[place] += n
                rows[place] += 1
                on_it[place] += n if r["segment_id"] in network else 0
    return told_or_hidden(ksi, {p: on_it[p] / ksi[p] if ksi[p] else None for p in ksi}, rows)


def record_completeness(city, period):
    fields = ("lon", "lat", "place_id", "segment_id", "cause", "severity", "pedestrian", "cyclist")
    whole, rows = Counter(), Counter()
    for r in city.crashes:
        if period.has(when(r["t"])):
            for place in city.places(r["place_id"]):
                rows[place] += 1
                whole[place] += all(r[f] for f in fields)
    return told_or_hidden(rows, {p: whole[p] / rows[p] for p in rows}, rows)


# --- budget

def tiyn(text):
    whole, _, part = text.partition(".")
    return int(whole + (part + "00")[:2])


def money(city, kind, first, last):
    """By place: tiyn and rows of the local days from first to last."""
    sums, rows = Counter(), Counter()
    for r in city.money[kind]:
        if first <= local(when(r["t"])) <= last:
            for place in city.places(city.code_places.get(r["code"])):
                sums[place] += tiyn(r["amount_kzt"])
                rows[place] += 1
    return sums, rows


def of_plan(kind):
    def compute(city, period):
        first = date(period.last.year, 1, 1)
        plan, planned = money(city, "plan", first, period.last)
        sums, rows = money(city, kind, first, period.last)
        return [(p, (sums[p] / 100) / (plan[p] / 100), planned[p] + rows[p]) for p in plan]

    return compute


def payables_over_90_days(city, period):
    newest = max(r["t"] for r in city.payables if period.has_day(date.fromisoformat(r["t"])))
    sums, rows = Counter(), Counter()
    for r in city.payables:
        if r["t"] == newest:
            for place in city.places(city.code_places.get(r["code"])):
                sums[place] += tiyn(r["over_90_days_kzt"])
                rows[place] += 1
    return [(p, sums[p] / 100, rows[p]) for p in rows]


def december_share(city, period):
    year, rows = money(city, "paid", period.first, period.last)
    december, _ = money(city, "paid", date(period.last.year, 12, 1), period.last)
    return [(p, (december[p] / 100) / (year[p] / 100), rows[p]) for p in year]


def single_bid_share(city, period):
    single, rows = Counter(), Counter()
    for r in city.contracts:
        if r["method"] in ("open_tender", "quotation") and period.has(when(r["t"])):
            for place in city.places(city.code_places.get(r["code"])):
                rows[place] += 1
                single[place] += r["bids"] == "1"
    return [(p, single[p] / rows[p], rows[p]) for p in rows]


# --- crime

THEFTS = {"theft", "theft_from_vehicle", "vehicle_theft", "burglary"}
VIOLENCE = {"assault", "robbery", "hooliganism"}


def reported(city):
    if not hasattr(city, "reported"):
        city.reported = [
            (when(r["t"]), r["kind"], r["place_id"], float(r["lon"]), float(r["lat"]))
            for r in city.offences
            if r["reported_by"] != "police"
        ]
        city.offences_whole = first_whole([local(when(r["t"])) for r in city.offences], 3)
    return city.reported


def against_usual(kinds):
    def compute(city, period):
        counts = defaultdict(Counter)
        for t, kind, district, _, _ in reported(city):
            if kinds is None or kind in kinds:
                month = month_of(local(t))
                for back in range(4):
                    if period.first_month <= month + 12 * back <= period.last_month:
                        for place in city.places(district):
                            counts[back][place] += 1
        years = [b for b in (1, 2, 3) if period.first_month - 12 * b >= city.offences_whole]
        before = {p: sum(counts[b][p] for b in years) for p in counts[0]}
        least = {p: min(counts[0][p], before[p]) for p in counts[0]}
        return told_or_hidden(least, {p: counts[0][p] / (before[p] / len(years)) for p in before}, counts[0])

    return compute


def square(lon, lat):
    row = math.floor(lat * 111195.0 / 250.0)
    return row, math.floor(lon * math.cos(math.radians(row * 250.0 / 111195.0)) * 111195.0 / 250.0)


def km2(wkt):
    """Area of an outline: rings of degrees, holes taken off, at its middle latitude."""
    area, lats = 0.0, []
    for polygon in re.findall(r"\(\(.*?\)\)", wkt):
        for n, ring in enumerate(re.findall(r"[^()]+", polygon.replace("), (", ")(").replace("),(", ")("))):
            points = [tuple(map(float, p.split())) for p in ring.split(",") if p.strip()]
            lats += [y for _, y in points]
            twice = math.fsum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, points[1:]))
            area += abs(twice) / 2 * (-1 if n else 1)
    return area * 111.195**2 * math.cos(math.radians((min(lats) + max(lats)) / 2))


def densest_share(city, period):
    areas = {p: km2(w) for p, w in city.outlines.items()}
    areas["city"] = sum(areas.values())
    squares = defaultdict(Counter)
    for t, _, district, lon, lat in reported(city):
        if period.last_month - 11 <= month_of(local(t)) <= period.last_month:
            for place in city.places(district):
                squares[place][square(lon, lat)] += 1
    rows = {p: sum(c.values()) for p, c in squares.items()}
    dense = {p: sum(sorted(c.values())[-max(1, math.ceil(areas[p] * 0.01 / 0.0625)):]) for p, c in squares.items()}
    return told_or_hidden(rows, {p: dense[p] / rows[p] for p in rows}, rows)


def repeat_offences(city, period):
    by_square = defaultdict(list)
    for t, kind, district, lon, lat in reported(city):
        if period.begin - 30 * DAY <= t < period.end:
            by_square[kind, square(lon, lat)].append((t, district))
    rows, repeats = Counter(), Counter()
    for offences in by_square.values():
        offences.sort(key=lambda o: o[0])
        for n, (t, district) in enumerate(offences):
            if t >= period.begin:
                for place in city.places(district):
                    rows[place] += 1
                    repeats[place] += n > 0 and t - offences[n - 1][0] <= 30 * DAY
    return told_or_hidden(rows, {p: repeats[p] / rows[p] for p in rows}, rows)


def suppressed_share(city, period):
    cells = Counter(
        (r["place_id"], r["kind"]) for r in city.offences if r["place_id"] in city.outlines and period.has(when(r["t"]))
    )
    of = lambda p: [n for (place, _), n in cells.items() if p in ("city", place)]
    return [(p, sum(n < 5 for n in of(p)) / len(of(p)), sum(of(p))) for p in ["city"] + city.districts if of(p)]


# --- appeals

def spells(city):
    """(request, opened, closed or None, whether it is the first)."""
    if not hasattr(city, "spells"):
        events = defaultdict(list)
        city.asked = {r["request_id"]: r for r in city.requests if r["closed_at"] != r["t"]}
        for r in city.asked.values():
            events[r["request_id"]].append((when(r["t"]), "opened"))
        for r in city.changes:
            if r["request_id"] in city.asked and r["status"] != "redirected":
                events[r["request_id"]].append((when(r["t"]), r["status"]))
        city.spells = []
        for request, list_of in events.items():
            opened, turn = None, 0
            for t, what in sorted(list_of):
                if what == "closed":
                    city.spells.append((city.asked[request], opened, t, turn == 0))
                    opened, turn = None, turn + 1
                else:
                    opened = t
            if opened is not None:
                city.spells.append((city.asked[request], opened, None, turn == 0))
    return city.spells


def stock(since):
    def compute(city, period):
        counts = Counter({p: 0 for p in ["city"] + city.districts})
        for request, opened, closed, _ in spells(city):
            begin = since(request, opened)
            if begin < period.end and not (closed and (closed < period.end or closed <= begin)):
                for place in city.places(request["place_id"]):
                    counts[place] += 1
        return told_or_hidden(counts, {p: float(n) for p, n in counts.items()}, counts)

    return compute


def median_days(city, period):
    cases = defaultdict(list)
    for request, opened, closed, is_first in spells(city):
        if is_first and period.end - 90 * DAY <= opened < period.end:
            is_closed = closed is not None and closed < period.end
            days = ((closed if is_closed else period.end) - opened) // DAY
            for place in city.places(request["place_id"]):
                cases[place].append((days, is_closed))
    values = {}
    for place, list_of in cases.items():
        list_of.sort()
        survival, values[place] = 1.0, None
        for day in sorted({d for d, _ in list_of}):
            at_risk = sum(d >= day for d, _ in list_of)
            survival *= 1.0 - sum(c for d, c in list_of if d == day) / at_risk
            if survival <= 0.5:
                values[place] = float(day)
                break
    rows = {p: len(c) for p, c in cases.items()}
    return told_or_hidden(rows, values, rows)


def repeat_requests(city, period):
    spells(city)
    by_topic = defaultdict(list)
    for r in city.asked.values():
        t = when(r["t"])
        if period.begin - 30 * DAY <= t < period.end and r["lon"]:
            lon, lat = float(r["lon"]), float(r["lat"])
            by_topic[r["service_code"]].append((lat, lon, t, r["place_id"]))
    rows, repeats = Counter(), Counter()
    for list_of in by_topic.values():
        list_of.sort()
        lats = [item[0] for item in list_of]
        for lat, lon, t, district in list_of:
            if t >= period.begin:
                near = list_of[bisect_right(lats, lat - 0.0005):bisect_right(lats, lat + 0.0005)]
                scale = math.cos(math.radians(lat)) * 111195.0
                is_repeat = any(
                    b < t and t - b <= 30 * DAY and ((lon - u) * scale) ** 2 + ((lat - v) * 111195.0) ** 2 <= 2500.0
                    for v, u, b, _ in near
                )
                for place in city.places(district):
                    rows[place] += 1
                    repeats[place] += is_repeat
    return told_or_hidden(rows, {p: repeats[p] / rows[p] for p in rows}, rows)


def functions_late(city, period):
    due, late = Counter(), Counter()
    for request, _, closed, is_first in spells(city):
        term = when(request["due_at"])
        if is_first and period.has(term):
            for place in city.places(request["place_id"]):
                due[place, request["function_id"]] += 1
                late[place, request["function_id"]] += closed is None or closed > term
    judged = [key for key in due if due[key] >= 20]
    places = {p for p, _ in judged}
    return [
        (
            p,
            float(sum(10 * late[k] > due[k] for k in judged if k[0] == p)),
            sum(due[k] for k in judged if k[0] == p),
        )
        for p in places
    ]


# --- projects

def projects_under_way(city, period):
    reports, plans = {}, defaultdict(list)
    for r in sorted(city.list("sim-city-project-progress"), key=lambda r: r["t"]):
        if date.fromisoformat(r["t"]) <= period.last:
            reports[r["project_id"]] = r
    for r in city.list("sim-city-project-baselines"):
        plans[r["project_id"]].append((int(r["period"]), float(r["planned_kzt"])))
    for project in city.list("sim-city-projects"):
        report = reports.get(project["project_id"])
        if report and float(report["earned_kzt"]) < float(project["budget_kzt"]):
            curve = [(0, 0.0)] + sorted(plans[project["project_id"]])
            earned = float(report["earned_kzt"])
            at = max(n for n, (_, planned) in enumerate(curve) if planned <= earned)
            schedule = float(curve[at][0])
            if at + 1 < len(curve):
                schedule += (earned - curve[at][1]) / (curve[at + 1][1] - curve[at][1])
            yield project, int(report["period"]), earned, float(report["spent_kzt"]), schedule


def portfolio(is_so):
    def compute(city, period):
        counts, rows = Counter(), Counter()
        for state in projects_under_way(city, period):
            for place in city.places(state[0]["place_id"]):
                rows[place] += 1
                counts[place] += is_so(city, period, state)
        return [(p, float(counts[p]), rows[p]) for p in rows]

    return compute


def is_late(city, period, state):
    project, planned = state[0], state[0]["planned_finish_on"]
    promises = [r for r in city.list("sim-city-project-promises") if r["project_id"] == project["project_id"]]
    known = [r["finish_on"] for r in sorted(promises, key=lambda r: when(r["t"])) if when(r["t"]) < period.end]
    return (known[-1] if known else planned) > planned or period.last > date.fromisoformat(planned)


def is_blocked(city, period, state):
    news = [r for r in city.list("sim-city-project-blocks") if r["project_id"] == state[0]["project_id"]]
    known = [r["status"] for r in sorted(news, key=lambda r: when(r["t"])) if when(r["t"]) < period.end]
    return bool(known) and known[-1] == "blocked"


def index_of(part, whole):
    def compute(city, period):
        parts, wholes = defaultdict(list), defaultdict(list)
        for state in projects_under_way(city, period):
            for place in city.places(state[0]["place_id"]):
                parts[place].append(part(state))
                wholes[place].append(whole(state))
        return [(p, math.fsum(parts[p]) / math.fsum(wholes[p]), len(parts[p])) for p in parts]

    return compute


# --- organisation

def functions_without_owner(city, period):
    last = period.last.isoformat()
    stands = lambda r: r["begins_on"] <= last and (not r["ends_on"] or r["ends_on"] > last)
    bodies = {r["body_id"] for r in city.list("sim-city-bodies") if stands(r)}
    functions = [r for r in city.list("sim-city-statute-functions") if stands(r)]
    return [("city", float(sum(r["owner_body_id"] not in bodies for r in functions)), len(functions))]


def post_share(is_part):
    def compute(city, period):
        posts = city.list("sim-city-posts")
        return [("city", sum(map(is_part, posts)) / len(posts), len(posts))]

    return compute


# --- assets

def items(value):
    def compute(city, period):
        things = city.list("sim-city-assets")
        day = min(max(r["inspected_on"] for r in things), period.last.isoformat())
        by_place = defaultdict(list)
        for r in things:
            for place in city.places(r["place_id"]):
                by_place[place].append(r)
        return [(p, float(value(list_of, day)), len(list_of)) for p, list_of in by_place.items()]

    return compute


def lights_out(city, period):
    state = {}
    for r in sorted(city.lights, key=lambda r: (when(r["t"]), r["status"])):
        if when(r["t"]) < period.end:
            state[r["asset_id"]] = r["status"]
    home = {r["asset_id"]: r["place_id"] for r in city.list("sim-city-assets")}
    counts = Counter({p: 0 for p in ["city"] + city.districts})
    for asset, status in state.items():
        for place in city.places(home.get(asset)):
            counts[place] += status == "out"
    return [(p, float(n), n) for p, n in counts.items()]


def footfall(city, period):
    home = {r["space_id"]: r["place_id"] for r in city.list("sim-city-public-spaces")}
    visitors, days, rows = Counter(), defaultdict(set), Counter()
    for r in city.footfall:
        if period.has_day(date.fromisoformat(r["t"])):
            for place in city.places(home[r["space_id"]]):
                visitors[place] += int(r["visitors"])
                days[place].add(r["t"])
                rows[place] += 1
    return [(p, visitors[p] / len(days[p]), rows[p]) for p in rows]


# --- schools and population

def kindergarten_queue(city, period):
    newest = {}
    for r in sorted(city.queue, key=lambda r: r["t"]):
        if period.has_day(date.fromisoformat(r["t"])):
            newest[r["place_id"]] = int(r["waiting"])
    return [(p, float(n), 1) for p, n in newest.items()] + [("city", float(sum(newest.values())), len(newest))]


def schools(value):
    def compute(city, period):
        by_place = defaultdict(list)
        for r in city.list("sim-city-schools"):
            if r["kind"] == "school":
                for place in city.places(r["place_id"]):
                    by_place[place].append((int(r["capacity"]), int(r["enrolled"]), int(r["shifts"])))
        return [(p, float(value(list_of)), len(list_of)) for p, list_of in by_place.items()]

    return compute


def resident_counts(city):
    """By district and day: residents, and how many rows tell them."""
    if not hasattr(city, "counts"):
        ages = defaultdict(list)
        for r in city.list("sim-city-pyramids"):
            ages[r["place_id"], date(int(r["year"]), 1, 1)].append(int(r["residents"]))
        city.counts = {key: (sum(list_of), len(list_of)) for key, list_of in ages.items()}
        for r in city.movements:
            day = month_start(month_of(date.fromisoformat(r["t"])) + 1)
            city.counts[r["place_id"], day] = int(r["residents_at_end"]), 1
    return city.counts


def with_city(rows):
    return rows + [("city", math.fsum(value for _, value, _ in rows), sum(n for _, _, n in rows))]


def residents(city, period):
    counts, rows = resident_counts(city), []
    for place in city.districts:
        newest = max(day for p, day in counts if p == place and day <= period.last)
        rows.append((place, float(counts[place, newest][0]), counts[place, newest][1]))
    return with_city(rows)


def growth(city, period):
    counts, rows = resident_counts(city), []
    for place in city.districts:
        (before, n), (after, m) = (counts[place, date(period.first.year + k, 1, 1)] for k in (0, 1))
        rows.append((place, float(after - before), n + m))
    return with_city(rows)


def children_0_6(city, period):
    by_place = defaultdict(list)
    for r in city.list("sim-city-residents"):
        if r["age_group"] == "0-5":
            for place in city.places(r["place_id"]):
                by_place[place].append(int(r["residents"]))
    return [(p, float(sum(list_of)), len(list_of)) for p, list_of in by_place.items()]


def movements(value):
    def compute(city, period):
        sums, rows = Counter(), Counter()
        for r in city.movements:
            if period.has_day(date.fromisoformat(r["t"])):
                for place in city.places(r["place_id"]):
                    sums[place] += value(r)
                    rows[place] += 1
        return [(p, float(sums[p]), rows[p]) for p in rows]

    return compute


# --- traffic and transit

def entering_cars(city, period):
    cars, days, rows = Counter(), defaultdict(set), Counter()
    for r in city.cordon:
        t = when(r["t"])
        if r["direction"] == "in" and period.has(t):
            for place in city.places(r["place_id"]):
                cars[place] += int(r["vehicles"])
                days[place].add(local(t))
                rows[place] += 1
    return [(p, cars[p] / len(days[p]), rows[p]) for p in rows]


def holds(outline, lon, lat):
    """Says whether a point lies in an outline: a ray to the east crosses it an odd number of times."""
    inside = False
    for ring in re.findall(r"[^()]+,[^()]+", outline):
        points = [tuple(map(float, p.split())) for p in ring.split(",") if p.strip()]
        for (x1, y1), (x2, y2) in zip(points, points[1:]):
            if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
                inside = not inside
    return inside


def homes_of(city, feed, key):
    """The district of each thing of a list with a place."""
    if feed not in city.homes:
        city.homes[feed] = {
            r[key]: next((p for p, o in city.outlines.items() if holds(o, float(r["lon"]), float(r["lat"]))), None)
            for r in city.list(feed)
        }
    return city.homes[feed]


def apart(x, y, line):
    """Distance of a point from a line, in degrees."""
    best = math.inf
    for (x1, y1), (x2, y2) in zip(line, line[1:]):
        dx, dy = x2 - x1, y2 - y1
        along = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy or 1.0)))
        best = min(best, math.hypot(x - x1 - along * dx, y - y1 - along * dy))
    return best


def kilometres(city):
    """The length of the segment that a detector stands on, if there is one within 0.0003 degrees."""
    segments = []
    for r in city.list("sim-city-streets"):
        line = [tuple(map(float, p.split())) for p in r["geometry"][len("LINESTRING("):-1].split(",")]
        segments.append((line, float(r["length_m"])))
    found = {}
    for r in city.list("sim-city-traffic-detectors"):
        x, y = float(r["lon"]), float(r["lat"])
        near = [
            (apart(x, y, line), length)
            for line, length in segments
            if min(p[0] for p in line) - 0.001 < x < max(p[0] for p in line) + 0.001
            and min(p[1] for p in line) - 0.001 < y < max(p[1] for p in line) + 0.001
        ]
        if near and min(near)[0] < 0.0003:
            found[r["detector_id"]] = min(near)[1] / 1000.0
    return found


def free_speeds(city):
    """Of a detector in the week of a day: its list's, or the 85th percentile of the nights of the week before or of its own."""
    listed = {r["detector_id"]: r["free_flow_kmh"] for r in city.list("sim-city-traffic-detectors")}
    monday = lambda t: local(t) - DAY * local(t).weekday()
    nights = defaultdict(list)
    for r in city.traffic_hours:
        hour = when(r["t"]).astimezone(ZONE).hour
        if hour >= 22 or hour < 6:
            nights[r["detector_id"], monday(when(r["t"]))].append(float(r["speed_km_h"]))

    def free(detector, t):
        if listed.get(detector):
            return float(listed[detector])
        speeds = sorted(nights.get((detector, monday(t) - 7 * DAY)) or nights.get((detector, monday(t))) or [])
        if not speeds:
            return None
        at = 0.85 * (len(speeds) - 1)
        low, high = speeds[math.floor(at)], speeds[math.ceil(at)]
        return low + (at - math.floor(at)) * (high - low)

    return free


def delay_vehicle_hours(city, period):
    length, free, home = kilometres(city), free_speeds(city), homes_of(city, "sim-city-traffic-detectors", "detector_id")
    delays = defaultdict(list)
    for r in city.traffic_hours:
        t, detector, speed = when(r["t"]), r["detector_id"], float(r["speed_km_h"])
        if period.has(t) and detector in length and speed > 0 and free(detector, t) is not None:
            flow = int(r["vehicles"]) * 60 / int(r["minutes"])
            for place in city.places(home[detector]):
                delays[place].append(flow * length[detector] * max(0.0, 1.0 / speed - 1.0 / free(detector, t)))
    detectors = Counter(place for detector in length for place in city.places(home[detector]))
    hours = (period.end - period.begin) / timedelta(hours=1)
    return [(p, math.fsum(ds) if len(ds) >= 0.75 * hours * detectors[p] else None, len(ds)) for p, ds in delays.items()]


def boardings(city, period):
    told = [r for r in city.passengers if period.has_day(date.fromisoformat(r["service_date"]))]
    days = {r["service_date"] for r in told}
    rows = [("city", sum(int(r["passengers"]) for r in told) / len(days), len(told))]
    counted, home = defaultdict(list), timetable(city)[1]
    for r in city.stop_counts:
        if period.has_day(date.fromisoformat(r["service_date"])) and home[r["stop_id"]]:
            counted[home[r["stop_id"]]].append((r["service_date"], int(r["boardings"])))
    return rows + [(p, sum(n for _, n in l) / len({d for d, _ in l}), len(l)) for p, l in counted.items()]


def timetable(city):
    """Minutes between two stops by route, direction and stops; the district of each stop."""
    if not hasattr(city, "timetable"):
        archive = zipfile.ZipFile(next((city.folder / "sim-city-gtfs").iterdir()))
        read = lambda name: csv.DictReader(io.TextIOWrapper(archive.open(name + ".txt"), "utf-8"))
        seconds = lambda text: sum(int(part) * unit for part, unit in zip(text.split(":"), (3600, 60, 1)))
        lines = {r["trip_id"]: (r["route_id"], r["direction_id"]) for r in read("trips")}
        calls, times = defaultdict(list), defaultdict(list)
        for r in read("stop_times"):
            call = int(r["stop_sequence"]), seconds(r["arrival_time"]), seconds(r["departure_time"]), r["stop_id"]
            calls[r["trip_id"]].append(call)
        for trip, list_of in calls.items():
            list_of.sort()
            for (_, _, leaves, here), (_, arrives, _, there) in zip(list_of, list_of[1:]):
                times[(*lines[trip], here, there)].append(arrives - leaves)
        homes = {}
        for r in read("stops"):
            at = float(r["stop_lon"]), float(r["stop_lat"])
            homes[r["stop_id"]] = next((p for p, outline in city.outlines.items() if holds(outline, *at)), None)
        city.timetable = {key: sum(of) / len(of) / 60.0 for key, of in times.items()}, homes
    return city.timetable


def crowded_passenger_minutes(city, period):
    minutes, homes = timetable(city)
    runs = defaultdict(list)
    for r in city.stop_counts:
        if period.has_day(date.fromisoformat(r["service_date"])):
            runs[r["route_id"], r["direction_id"], r["service_date"], r["band"]].append((int(r["seq"]), r))
    crowded, days, rows = defaultdict(list), defaultdict(set), Counter()
    for (route, direction, day, _), list_of in runs.items():
        list_of.sort(key=lambda item: item[0])
        load = 0
        for (_, here), (_, there) in zip(list_of, list_of[1:]):
            load += int(here["boardings"]) - int(here["alightings"])
            time = minutes[route, direction, here["stop_id"], there["stop_id"]]
            for place in city.places(homes[here["stop_id"]]):
                rows[place] += 1
                days[place].add(day)
                if 10 * load > 8 * int(here["trips"]) * int(here["capacity"]):
                    crowded[place].append(load * time)
    return [(p, math.fsum(crowded[p]) / len(days[p]), rows[p]) for p in rows]


# --- air

def residents_exposed(city, period):
    home, values = homes_of(city, "sim-city-air-stations", "station_id"), defaultdict(list)
    for r in city.air_hours:
        if r["quantity"] == "pm25" and period.has(when(r["t"])) and home[r["station_id"]]:
            values[local(when(r["t"])), home[r["station_id"]]].append(float(r["value_ug_m3"]))
    exposed, rows, judged = defaultdict(Counter), Counter(), Counter()
    for (day, place), list_of in values.items():
        bad = city.residents[place] if math.fsum(list_of) / len(list_of) > 35.0 else 0
        for p in (place, "city"):
            exposed[p][day] += bad
            rows[p] += len(list_of)
        judged[day] += city.residents[place]
    assert all(n >= 0.9 * sum(city.residents.values()) for n in judged.values()), "the city has a value on all days"
    return [(p, sum(days.values()) / len(days), rows[p]) for p, days in exposed.items()]


INDICATORS = {
    "safety.killed_seriously_injured": (killed_seriously_injured, MQY),
    "safety.ksi_per_100000": (ksi_per_100000, MQY),
    "safety.against_path_to_zero": (against_path_to_zero, MQY),
    "safety.high_injury_share": (high_injury_share, MQY),
    "safety.record_completeness": (record_completeness, MQY),
    "budget.execution": (of_plan("paid"), MY),
    "budget.commitments": (of_plan("committed"), MY),
    "budget.payables_over_90_days": (payables_over_90_days, MY),
    "budget.december_share": (december_share, YEAR),
    "budget.single_bid_share": (single_bid_share, MQY),
    "crime.offences_against_usual": (against_usual(None), MQY),
    "crime.thefts_against_usual": (against_usual(THEFTS), MQY),
    "crime.violence_against_usual": (against_usual(VIOLENCE), MQY),
    "crime.densest_share": (densest_share, MQY),
    "crime.repeat_share": (repeat_offences, MQY),
    "crime.suppressed_share": (suppressed_share, MQY),
    "appeals.open": (stock(lambda request, opened: opened), DAYS + MONTHS),
    "appeals.overdue": (stock(lambda request, opened: max(opened, when(request["due_at"]))), DAYS + MONTHS),
    "appeals.median_days": (median_days, MONTHS),
    "appeals.repeated_share": (repeat_requests, MONTHS + QUARTER),
    "appeals.functions_late": (functions_late, MONTHS),
    "projects.late": (portfolio(is_late), MY),
    "projects.over_cost": (portfolio(lambda c, p, s: s[3] > 1.1 * s[2]), MY),
    "projects.blocked": (portfolio(is_blocked), MY),
    "projects.cpi": (index_of(lambda s: s[2], lambda s: s[3]), MY),
    "projects.spi_t": (index_of(lambda s: s[4], lambda s: float(s[1])), MY),
    "organisation.functions_without_owner": (functions_without_owner, MQY),
    "organisation.management_share": (post_share(lambda r: r["kind"] == "management"), MQY),
    "organisation.support_share": (post_share(lambda r: r["kind"] == "support"), MQY),
    "organisation.core_share": (post_share(lambda r: r["kind"] == "core"), MQY),
    "organisation.vacant_share": (post_share(lambda r: r["filled"] == "false"), MQY),
    "assets.bad_condition_share": (items(lambda l, _: sum(int(r["condition"]) >= 4 for r in l) / len(l)), MQY),
    "assets.inspections_overdue": (items(lambda l, day: sum(r["inspection_due_on"] < day for r in l)), MQY),
    "assets.renewal_due": (items(lambda l, day: sum(r["renewal_year"] <= day[:4] for r in l)), MQY),
    "assets.lights_out": (lights_out, DAYS + WEEK + MONTHS),
    "assets.public_space_footfall": (footfall, DAYS + WEEK + MONTHS + QUARTER),
    "schools.overfull_share": (schools(lambda l: sum(n > places for places, n, _ in l) / len(l)), MQY),
    "schools.missing_places": (schools(lambda l: sum(max(n - places, 0) for places, n, _ in l)), MQY),
    "schools.free_places": (schools(lambda l: sum(max(places - n, 0) for places, n, _ in l)), MQY),
    "schools.third_shift_pupils": (schools(lambda l: sum(n for _, n, shifts in l if shifts >= 3)), MQY),
    "population.residents": (residents, MY),
    "population.growth": (growth, YEAR),
    "population.children_0_6": (children_0_6, YEAR),
    "traffic.delay_vehicle_hours": (delay_vehicle_hours, DAYS),
    "transit.daily_boardings": (boardings, DAYS),
    "air.residents_exposed": (residents_exposed, DAYS),
    "traffic.entering_cars": (entering_cars, DAYS + WEEK + MONTHS[1:]),
    "transit.crowded_passenger_minutes": (crowded_passenger_minutes, DAYS),
    "schools.kindergarten_queue": (kindergarten_queue, MQY),
    "population.births": (movements(lambda r: int(r["births"])), MQY),
    "population.net_migration": (movements(lambda r: int(r["arrivals"]) - int(r["departures"])), MQY),
}


def main(folder, out):
    city = City(folder)
    Path(out).mkdir(parents=True, exist_ok=True)
    for name, (compute, periods) in INDICATORS.items():
        with open(Path(out) / f"{name}.csv", "w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f, lineterminator="\n")
            writer.writerow(["place", "grain", "period_start", "value", "row_count"])
            for period in periods:
                for place, value, rows in sorted(compute(city, period), key=lambda row: row[0]):
                    text = "" if value is None else repr(value)
                    writer.writerow([place, period.grain, period.begin.strftime("%Y-%m-%dT%H:%M:%SZ"), text, rows])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
