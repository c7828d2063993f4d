#!/usr/bin/env python3
"""The seeded city, filled and live: time, disk, memory; then at 1, 10 and 50 times real speed: delay and memory.

    python3 benches/live.py [--speeds 1,10,50] [--seconds 120] [--fill 7] [--binary PATH]

Live runs begin on a weekday morning at seven, when most buses are out, and last so many seconds of the wall clock after
the last two hours are in. `--fill DAYS` fills a city with so much history first (`--fill none` leaves that out; 1103 is
what `qala demo` does by itself). Needs a built `qala` (argument or target/debug/qala). Prints `proof:` lines.
"""

import argparse
import datetime
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# A start that takes longer than this, or a fill, is a fault.
LONGEST_S = 3600


class City:
    """`qala demo` in a data directory."""

    def __init__(self, binary, data, *args):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.begin = time.monotonic()
        command = [binary, "--data", data, "demo", "--listen", f"127.0.0.1:{self.port}", *args]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.first_page_s = None

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read()

    def status(self):
        if self.process.poll() is not None:
            sys.exit("qala demo has ended by itself")
        try:
            if self.first_page_s is None:
                self.get("/")
                self.first_page_s = self.age_s()
            return json.loads(self.get("/api/status"))
        except OSError:
            return None

    def age_s(self):
        return time.monotonic() - self.begin

    def memory_mb(self, name):
        """VmRSS or VmHWM, MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith(name))
        return int(line.split()[1]) * 1024 / 1e6

    def until(self, reached):
        """Asks until something is reached; gives the seconds since the start."""
        while True:
            status = self.status()
            if status and status["demo"].get("error"):
                sys.exit(f"the city stands still: {status['demo']['error']}")
            if status and reached(status["demo"]):
                return self.age_s()
            if self.age_s() > LONGEST_S:
                sys.exit(f"not reached within {LONGEST_S} s: {status}")
            time.sleep(0.2)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def fill(binary, days):
    with tempfile.TemporaryDirectory(prefix="qala-live-") as data:
        city = City(binary, data, "--history", days)
        recent = city.until(lambda demo: demo["phase"] != "recent" and demo["done"] + demo["rows"] > 0)
        page = city.first_page_s
        full = city.until(lambda demo: demo["phase"] == "live")
        time.sleep(15)
        demo = city.status()["demo"]
        peak = city.memory_mb("VmHWM")
        city.stop()
        again = City(binary, data, "--history", days)
        again.until(lambda demo: True)
        later = again.first_page_s
        again.stop()
        print(
            f"proof: city filled with {days} days: first page {page:.1f} s, last two hours in {recent:.1f} s, all in "
            f"{full:.0f} s, {demo['rows']} rows, {demo['disk_bytes'] / 1e6:.0f} MB on disk, memory {peak:.0f} MB at most; "
            f"later start {later:.1f} s",
            flush=True,
        )


def live(binary, speed, seconds):
    # The last weekday but today, so that no time lies ahead however fast it runs.
    day = datetime.date.today() - datetime.timedelta(days=3)
    while day.weekday() > 4:
        day -= datetime.timedelta(days=1)
    with tempfile.TemporaryDirectory(prefix="qala-live-") as data:
        start = f"{day}T07:00"
        city = City(binary, data, "--history", "none", "--speed", str(speed), "--start", start)
        city.until(lambda demo: demo["phase"] == "live" and demo["behind_s"] <= 15 * speed)
        rows, behind, resident = city.status()["demo"]["rows"], [], []
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            time.sleep(0.5)
            demo = city.status()["demo"]
            behind.append(demo["behind_s"])
            resident.append(city.memory_mb("VmRSS"))
        rate = (demo["rows"] - rows) / (time.monotonic() - begin)
        peak = city.memory_mb("VmHWM")
        city.stop()
        # Seconds of the city's time; the wall clock's are so many times fewer.
        print(
            f"proof: live city {speed} times as fast, {seconds} s: {rate:.0f} rows/s, behind {statistics.mean(behind) / speed:.2f} s "
            f"on average and {max(behind) / speed:.2f} s at most (wall clock), memory {statistics.mean(resident):.0f} MB "
            f"on average, {peak:.0f} MB at most",
            flush=True,
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--speeds", default="1,10,50")
    arguments.add_argument("--seconds", type=int, default=120)
    arguments.add_argument("--fill", default="7")
    arguments.add_argument("--binary", default=os.path.join(ROOT, "target", "debug", "qala"))
    given = arguments.parse_args()
    if not os.path.exists(given.binary):
        sys.exit(f"{given.binary} is not there: cargo build --workspace")
    if given.fill != "none":
        fill(given.binary, given.fill)
    for speed in given.speeds.split(","):
        live(given.binary, int(speed), given.seconds)


if __name__ == "__main__":
    main()
