#!/usr/bin/env python3
"""The same CSV bytes into Qala and into PostgreSQL, in turns, in one run.

Qala: `POST /api/ingest`, from the request until every row is committed in its Delta table (deduplicated and queryable
long before). PostgreSQL: `COPY` from a file with fsync, into a table with one unique index on the same key. Prints
`proof:` lines. Needs a built `qala` (argument or target/debug/qala) and PostgreSQL's programs; without these it says so.

    python3 benches/ingest.py [--rows 100000,1000000,10000000] [--turns 3] [--binary PATH]
"""

import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DETECTORS = 2000
FEED = """
id = "bench-readings"
kind = "{kind}"
title = {{ kk = "Өлшем", ru = "Замер", en = "Bench" }}
transport = {{ type = "push" }}
dataset = "traffic_readings"
owner_function = "road-traffic"
licence = "CC0-1.0"
"""
TABLE = """
CREATE TABLE readings (detector_id text NOT NULL, quantity text NOT NULL, t timestamptz NOT NULL,
  value double precision NOT NULL, period_s bigint);
CREATE UNIQUE INDEX readings_key ON readings (detector_id, quantity, t);
"""


def stamps(count, turn):
    """Minutes in UTC, of other days at each turn, as in life."""
    start = 1772409600 - turn * 8 * 86400
    for i in range(count):
        yield time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + 60 * i))


def make_csv(path, rows, turn):
    """Rows in the order in which detectors send them; other detectors at each turn, so that nothing is a duplicate."""
    with open(path, "w", buffering=1 << 20) as out:
        out.write("detector_id,quantity,t,value,period_s\n")
        written = 0
        for minute, t in enumerate(stamps(rows // DETECTORS + 1, turn)):
            lines = []
            for detector in range(min(DETECTORS, rows - written)):
                speed = (detector * 7919 + minute * 104729 + turn) % 1100 / 10
                lines.append(f"d{turn}-{detector:04},speed,{t},{speed},60\n")
            written += len(lines)
            out.write("".join(lines))


def make_json(path, rows, turn):
    with open(path, "w", buffering=1 << 20) as out:
        out.write("[")
        written = 0
        for minute, t in enumerate(stamps(rows // DETECTORS + 1, turn)):
            for detector in range(min(DETECTORS, rows - written)):
                speed = (detector * 7919 + minute * 104729 + turn) % 1100 / 10
                comma = "," if written else ""
                out.write(f'{comma}{{"id":"j{turn}-{detector:04}","t":"{t}","quantity":"speed","value":{speed},"unit":"km/h"}}')
                written += 1
        out.write("]")


class Qala:
    def __init__(self, binary, folder, kind):
        pack = os.path.join(folder, f"pack-{kind}")
        shutil.copytree(os.path.join(ROOT, "packs", "almaty"), pack)
        with open(os.path.join(pack, "feeds", "bench.toml"), "w") as out:
            out.write(FEED.format(kind=kind))
        self.data = os.path.join(folder, f"data-{kind}")
        self.commits = os.path.join(self.data, "tables", "traffic_readings", "v1", "_delta_log")
        self.process = subprocess.Popen(
            [binary, "--data", self.data, "--pack", pack, "serve", "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True)
        self.base = None
        for line in self.process.stderr:
            if "http://" in line:
                self.base = line.split("Qala is at ")[1].strip()
                break
        if self.base is None:
            sys.exit("qala did not start")
        # The pipe is read to its end, or the program would block on it.
        import threading
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.wait_committed()

    def status(self):
        with urllib.request.urlopen(self.base + "/api/status") as answer:
            return json.load(answer)

    def wait_committed(self):
        while self.status()["tail_bytes"] > 0:
            time.sleep(0.003)

    def committed(self):
        """Names in the Delta log of the table, which is made with its first rows."""
        return set(os.listdir(self.commits)) if os.path.isdir(self.commits) else set()

    def load(self, path, rows):
        commits = self.committed()
        start = time.monotonic()
        with open(path, "rb") as body:
            request = urllib.request.Request(self.base + "/api/ingest/bench-readings", data=body.read(), method="POST",
                                             headers={"Idempotency-Key": path})
        with urllib.request.urlopen(request) as answer:
            receipt = json.load(answer)
        durable = time.monotonic() - start
        if receipt["accepted"] != rows:
            sys.exit(f"qala accepted {receipt['accepted']} of {rows} rows")
        # The table's own log is watched first: a question to the server costs some of what is measured.
        while commits.issuperset(self.committed()):
            time.sleep(0.001)
        while self.status()["committed_seq"] < receipt["seq_to"]:
            time.sleep(0.002)
        return durable, time.monotonic() - start

    def memory(self):
        """Resident now and at most, MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return tuple(int(fields[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Postgres:
    """A cluster of its own with the durability that it has out of the box, and room in memory."""

    def __init__(self, folder):
        places = [*sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True), *os.environ["PATH"].split(":")]
        find = lambda name: next((p for p in (os.path.join(d, name) for d in places) if os.path.exists(p)), None)
        self.programs = {name: find(name) for name in ("initdb", "pg_ctl", "psql")}
        if not all(self.programs.values()):
            print("skipped: ingest: PostgreSQL is not installed, so there is nothing to compare with")
            sys.exit(0)
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.data = os.path.join(folder, "pg")
        os.makedirs(self.data)
        if self.user:
            shutil.chown(self.data, "postgres")
            os.chmod(folder, 0o755)
        self.run("initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale=C")
        self.run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.data, "log"), "-o",
                 f"-p 54329 -k {self.data} -c listen_addresses='' -c shared_buffers=1GB -c max_wal_size=8GB", "start")

    def run(self, program, *args):
        return subprocess.run([*self.user, self.programs[program], *args], check=True,
                              stdout=subprocess.DEVNULL, cwd="/")

    def sql(self, text):
        subprocess.run([*self.user, self.programs["psql"], "-h", self.data, "-p", "54329", "-U", "postgres", "-q",
                        "-v", "ON_ERROR_STOP=1", "-c", text, "postgres"], check=True, cwd="/")

    def load(self, path):
        self.sql("DROP TABLE IF EXISTS readings")
        self.sql(TABLE)
        self.sql("CHECKPOINT")
        start = time.monotonic()
        self.sql(f"COPY readings FROM '{path}' CSV HEADER")
        return time.monotonic() - start

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "stop")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rows", default="100000,1000000,10000000")
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--binary", default=os.path.join(ROOT, "target", "debug", "qala"))
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(folder)
        qala = Qala(options.binary, folder, "table")
        turn = 0
        for rows in map(int, options.rows.split(",")):
            ours, durable, theirs = [], [], []
            # The first turn warms both up and is not counted; short turns scatter more, so there are more of them.
            for counted in range(-1, options.turns * (5 if rows <= 100_000 else 1)):
                turn += 1
                path = os.path.join(folder, f"{turn}.csv")
                make_csv(path, rows, turn)
                os.chmod(path, 0o644)
                os.sync()
                theirs.append(postgres.load(path))
                os.sync()
                receipt, whole = qala.load(path, rows)
                durable.append(receipt)
                ours.append(whole)
                if counted < 0:
                    theirs, durable, ours = [], [], []
                os.remove(path)
            us, them = statistics.median(ours), statistics.median(theirs)
            print(f"proof: {rows} rows of CSV: committed in {us:.2f} s ({rows / us:,.0f} rows/s), receipt after "
                  f"{statistics.median(durable):.2f} s; PostgreSQL COPY {them:.2f} s ({rows / them:,.0f} rows/s): "
                  f"{them / us:.2f} times its rate (turns: {', '.join(f'{t / o:.2f}' for o, t in zip(ours, theirs))}); "
                  f"memory {qala.memory()[0]} MiB, at most {qala.memory()[1]} MiB", flush=True)
        qala.stop()
        postgres.stop()
        qala = Qala(options.binary, folder, "json")
        for rows in [n for n in map(int, options.rows.split(",")) if n <= 1_000_000]:
            path = os.path.join(folder, f"{rows}.json")
            make_json(path, rows, len(str(rows)))
            _, whole = qala.load(path, rows)
            print(f"proof: {rows} rows of JSON: committed in {whole:.2f} s ({rows / whole:,.0f} rows/s)", flush=True)
        qala.stop()


main()
