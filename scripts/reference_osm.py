#!/usr/bin/env python3
"""Reads OSM extracts with another reader than ours (osmium), and finds shortest paths with another program (networkx).

    python3 -m venv .venv && .venv/bin/pip install osmium==4.3.2 networkx==3.6.1
    .venv/bin/python scripts/reference_osm.py counts ../shared/data > crates/qala-feeds/tests/reference_osm.json

writes the counts that the tests of qala-feeds compare with. Shortest paths, on 1,000 random pairs of one map:

    .venv/bin/python scripts/reference_osm.py paths MAP.osm.pbf > reference.csv
    cargo run -p qala-feeds --example osm_streets -- MAP.osm.pbf > streets.csv
    cargo run -p qala-models --example shortest_paths -- streets.csv reference.csv > ours.csv
    .venv/bin/python scripts/reference_osm.py compare reference.csv ours.csv

The rules of tags are written a second time here, from the documentation of the datasets; the graph has an edge for each
pair of neighbouring nodes, so it knows nothing of how ours splits streets. Forbidden turns: the vertices of the reference are
the steps from a node to its neighbour, and its edges join the steps that may follow each other.
"""

import collections
import csv
import json
import math
import pathlib
import random
import re
import sys

import networkx
import osmium

FILES = ["almaty/almaty_osm_2013.osm.pbf", "osm/spo_osm.pbf"]
RADIUS_M = 6371008.8
NO_STREETS = {"platform", "rest_area", "services", "bus_stop", "elevator", "no"}
ASSUMED = {"motorway": 110, "trunk": 90, "living_street": 20, "service": 20, "track": 20}
for word in "motorway_link trunk_link primary primary_link secondary secondary_link tertiary tertiary_link unclassified residential road".split():
    ASSUMED[word] = 60
RULES = {"RU:urban": 60, "RU:rural": 90, "RU:motorway": 110, "RU:living_street": 20, "KZ:urban": 60, "KZ:living_street": 20}


def limit(text):
    """km/h, or None."""
    if text is None or text.strip() in ("none", "walk", "signals", "variable"):
        return None
    if text.strip() in RULES:
        return RULES[text.strip()]
    speeds = []
    for part in text.split(";"):
        match = re.fullmatch(r"([0-9.]+)\s*(km/h|kmh|kph|mph|knots)?", part.strip())
        if not match:
            return None
        speeds.append(float(match[1]) * {"mph": 1.609344, "knots": 1.852}.get(match[2], 1))
    return min(speeds) if all(1 <= speed <= 200 for speed in speeds) else None


def cars(tags):
    """Speeds along and against the nodes, km/h, or None where cars may not drive."""
    assumed = ASSUMED.get(tags.get("highway"))
    access = next((tags[key] for key in ("motorcar", "motor_vehicle", "vehicle", "access") if key in tags), None)
    if assumed is None or access in ("no", "private"):
        return None, None
    is_implied = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
    word = tags.get("oneway", "").strip()
    if word in ("yes", "true", "1"):
        direction = 1
    elif word in ("-1", "reverse"):
        direction = -1
    elif word in ("no", "false", "0", "reversible", "alternating"):
        direction = 0
    else:
        direction = 1 if is_implied else 0
    common = limit(tags.get("maxspeed"))
    forward = limit(tags.get("maxspeed:forward")) or common or assumed
    backward = limit(tags.get("maxspeed:backward")) or common or assumed
    return (None if direction < 0 else forward), (None if direction > 0 else backward)


def kind(tags):
    """The one kind of object that an element is."""
    if tags.get("amenity") in ("school", "kindergarten"):
        return tags["amenity"]
    if tags.get("highway") == "bus_stop":
        return "bus_stop"
    if "platform" in (tags.get("public_transport"), tags.get("highway"), tags.get("railway")):
        return "platform"
    return "place" if "place" in tags and "name" in tags else None


def rules(item, tags):
    """Rules about turns of cars as (from way, via node, to way, is only)."""
    if not tags.get("type", "").startswith("restriction"):
        return []
    word = next((tags[key] for key in ("restriction:motorcar", "restriction:motor_vehicle", "restriction") if key in tags), "")
    excepts = {mode.strip() for mode in tags.get("except", "").split(";")}
    of = {"from": [], "to": [], "via": []}
    for member in item.members:
        if member.role in of:
            of[member.role].append((member.type, member.ref))
    is_simple = len(of["via"]) == 1 and of["via"][0][0] == "n"
    is_plain = not {"day_on", "hour_on", "restriction:conditional"} & set(tags)
    if not is_simple or not is_plain or excepts & {"motorcar", "motor_vehicle"} or not word.startswith(("no_", "only_")):
        return []
    ways = {role: [ref for kind, ref in of[role] if kind == "w"] for role in ("from", "to")}
    return [(a, of["via"][0][1], b, word.startswith("only_")) for a in ways["from"] for b in ways["to"]]


def old_areas(path):
    """Multipolygons whose relation says nothing: (relation, what its outer ways say, those ways)."""
    silent = {"type", "source", "created_by", "note", "fixme", "comment"}
    found, outer = [], {}
    for item in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        tags = {tag.k: tag.v for tag in item.tags}
        if tags.get("type") == "multipolygon" and set(tags) <= silent:
            ways = [member.ref for member in item.members if member.type == "w" and member.role != "inner"]
            found.append((item.id, ways))
            outer.update(dict.fromkeys(ways))
    for item in osmium.FileProcessor(str(path), osmium.osm.WAY):
        if item.id in outer:
            tags = {tag.k: tag.v for tag in item.tags}
            outer[item.id] = (tags.get("building", "no"), kind(tags))
    says = [(relation, {outer[way] for way in ways}, ways) for relation, ways in found if ways]
    return [(relation, next(iter(what)), ways) for relation, what, ways in says if len(what) == 1 and what not in ({("no", None)}, {None})]


def read(path):
    """Counts, and the streets for cars as (way, nodes, places, forward, backward), and rules about turns."""
    totals, features, streets = collections.Counter(nodes=0, ways=0, relations=0), collections.Counter(), []
    places, turns = {}, []
    old = old_areas(path)
    drawn = {way for _, _, ways in old for way in ways}
    meant = {relation: what for relation, what, _ in old}
    for item in osmium.FileProcessor(str(path)).with_locations().with_areas():
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_node():
            totals["nodes"] += 1
            if kind(tags):
                features[kind(tags)] += 1
        elif item.is_way():
            totals["ways"] += 1
            nodes = [(node.ref, node.location) for node in item.nodes]
            is_known = all(location.valid() for _, location in nodes)
            if kind(tags) and is_known and nodes and item.id not in drawn:
                features[kind(tags)] += 1
            if "highway" in tags and tags["highway"] not in NO_STREETS and is_known and len(nodes) >= 2:
                features["streets"] += 1
                forward, backward = cars(tags)
                features["car_directions"] += (forward is not None) + (backward is not None)
                if forward or backward:
                    where = [(location.lon, location.lat) for _, location in nodes]
                    streets.append((item.id, [ref for ref, _ in nodes], where, forward, backward))
                    places.update(zip(streets[-1][1], where))
        elif item.is_relation():
            totals["relations"] += 1
            turns.extend(rules(item, tags))
            features["turn_rules"] += len(rules(item, tags))
        elif item.is_area():
            building = tags.get("building", "no")
            if item.from_way() and item.orig_id() in drawn:
                continue
            if not item.from_way() and item.orig_id() in meant:
                building, what = meant[item.orig_id()]
                if what:
                    features[what] += 1
            if building != "no":
                features["buildings"] += 1
            if not item.from_way():
                if kind(tags):
                    features[kind(tags)] += 1
                if tags.get("boundary") == "administrative":
                    features["boundaries"] += 1
    arms = collections.Counter()
    degrees = 0.0
    for _, nodes, where, _, _ in streets:
        for order, node in enumerate(nodes):
            arms[node] += 1 if order in (0, len(nodes) - 1) else 2
        for a, b in zip(where, where[1:]):
            degrees += abs(b[0] - a[0]) + abs(b[1] - a[1])
    features["junctions"] = sum(1 for count in arms.values() if count >= 3)
    return totals, +features, degrees, streets, places, turns


def distance(a, b):
    lat_a, lat_b = math.radians(a[1]), math.radians(b[1])
    lat, lon = math.sin((lat_b - lat_a) / 2), math.sin(math.radians(b[0] - a[0]) / 2)
    return 2 * RADIUS_M * math.asin(math.sqrt(lat * lat + math.cos(lat_a) * math.cos(lat_b) * lon * lon))


def counts(folder):
    out = {"tools": {"osmium": "4.3.2"}}
    for path in FILES:
        totals, features, degrees, _, _, _ = read(pathlib.Path(folder) / path)
        out[path] = {**totals, "car_degrees": degrees, "features": dict(sorted(features.items()))}
    print(json.dumps(out, indent=1))


def paths(path):
    """from, to, shortest length in metres, least time in seconds; empty when there is no path."""
    _, _, _, streets, places, turns = read(path)
    graph, uses = networkx.DiGraph(), collections.Counter()
    steps, ends = {}, collections.defaultdict(list)

    def step(way, a, b, kmh):
        """From a node to its neighbour; of two times the same step the cheaper one counts."""
        metres = distance(places[a], places[b])
        seconds = metres * 3.6 / kmh
        known = steps.get((way, a, b))
        if known:
            metres, seconds = min(metres, known[0]), min(seconds, known[1])
        steps[way, a, b] = metres, seconds
        graph.add_edge(a, b)

    for way, nodes, _, forward, backward in streets:
        uses.update(nodes)
        uses.update((nodes[0], nodes[-1]))
        for node in (nodes[0], nodes[-1]):
            ends[way, node].append(nodes.count(node))
        for a, b in zip(nodes, nodes[1:]):
            if forward:
                step(way, a, b, forward)
            if backward:
                step(way, b, a, backward)
    leaving = collections.defaultdict(list)
    for way, a, b in steps:
        leaving[a].append((way, a, b))
    # A rule counts where both streets end once at its node, and the way on that it names is there.
    forbidden = set()
    for start, via, end, is_only in turns:
        there = ends.get((start, via)) == [1] and ends.get((end, via)) == [1]
        if there and any(way == end for way, _, _ in leaving[via]):
            forbidden.update((start, via, way) for way, _, _ in leaving[via] if (way == end) != is_only)
    # Nobody turns round where no streets meet.
    follows = networkx.DiGraph()
    follows.add_nodes_from(steps)
    for one in steps:
        for other in leaving[one[2]]:
            is_round = other[2] == one[1] and uses[one[2]] == 1
            if not is_round and (one[0], one[2], other[0]) not in forbidden:
                metres, seconds = steps[other]
                follows.add_edge(one, other, metres=metres, seconds=seconds)
    crossings = sorted(node for node, count in uses.items() if count > 1 and node in graph)
    part = max(networkx.strongly_connected_components(graph), key=len)
    print(f"{len(crossings)} vertices, {sum(1 for node in crossings if node in part)} in the largest part, {len(forbidden)} forbidden turns", file=sys.stderr)
    chance = random.Random(20130612)
    print("from,to,metres,seconds")
    for start in chance.sample(crossings, 100):
        found = {}
        for place, weight in enumerate(("metres", "seconds")):
            first = {one: steps[one][place] for one in leaving[start]}
            follows.add_node("start")
            for one, cost in first.items():
                follows.add_edge("start", one, **{weight: cost})
            best = {start: 0.0}
            for one, cost in networkx.single_source_dijkstra_path_length(follows, "start", weight=weight).items():
                if one != "start":
                    best[one[2]] = min(cost, best.get(one[2], math.inf))
            follows.remove_node("start")
            found[weight] = best
        for end in chance.sample(crossings, 10):
            print(f"{start},{end},{found['metres'].get(end, '')!r},{found['seconds'].get(end, '')!r}".replace("''", ""))


def compare(reference, ours):
    rows = [list(csv.DictReader(open(path, encoding="utf-8"))) for path in (reference, ours)]
    assert len(rows[0]) == len(rows[1]), "not as many rows"
    worst, missing = 0.0, 0
    for expected, found in zip(*rows):
        for column in ("metres", "seconds"):
            a, b = expected[column], found[column]
            assert (a == "") == (b == ""), (expected, found)
            if a == "":
                missing += 1
            elif float(a) != float(b):
                worst = max(worst, abs(float(a) - float(b)) / max(float(a), float(b)))
    print(f"proof: {len(rows[0])} pairs, {missing // 2} without a path in both, largest relative difference {worst:.1e}")
    sys.exit(worst > 1e-9)


if __name__ == "__main__":
    {"counts": counts, "paths": paths, "compare": compare}[sys.argv[1]](*sys.argv[2:])
