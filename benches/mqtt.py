#!/usr/bin/env python3
"""Readings a second through a broker: publishers -> Mosquitto -> `qala serve`, acknowledged only when durable.

Messages are queued in the broker first, in the session that Qala left there; then Qala is started and the time counted
until every reading is accepted (fsynced, deduplicated, queryable) and acknowledged. So the publishers are not measured.
Beside it, the same messages into `mosquitto_sub`, which keeps nothing: what the broker itself gives. With --live the
publishers run while Qala does. Prints `proof:` lines. Needs a built `qala` and mosquitto; without these it says so.

    python3 benches/mqtt.py [--messages 200000] [--live] [--binary PATH]
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PUBLISHERS = 4
FEED = """
id = "bench"
kind = "json"
title = {{ kk = "Өлшем", ru = "Замер", en = "Bench" }}
transport = {{ type = "mqtt", url = "mqtt://127.0.0.1:{port}", topics = ["bench"], qos = {qos}, version = "{version}" }}
dataset = "air_readings"
owner_function = "air-quality"
licence = "CC0-1.0"
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, test, seconds=600):
    end = time.time() + seconds
    while not test():
        if time.time() > end:
            sys.exit(f"in vain: {what}")
        time.sleep(0.02)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def reading(number):
    t = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1772409600 + number // 500))
    return f'{{"station_id":"s{number % 500}","t":"{t}","quantity":"pm25","value":{number % 97}}}'


def messages(first, count, each):
    out = []
    for m in range(first, first + count):
        parts = [reading(m * each + i) for i in range(each)]
        out.append(parts[0] if each == 1 else f"[{','.join(parts)}]")
    return "\n".join(out) + "\n"


def publish(port, qos, texts):
    children = []
    for text in texts:
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-t", "bench", "-q", str(qos), "-l"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE)
        child.stdin.write(text.encode())
        child.stdin.close()
        children.append(child)
    for child in children:
        assert child.wait() == 0


def run(args, folder, version, qos, each, window):
    port, web = free_port(), free_port()
    broker_dir, pack = os.path.join(folder, "broker"), os.path.join(folder, "pack")
    os.makedirs(broker_dir)
    shutil.copytree(os.path.join(ROOT, "packs", "almaty"), pack)
    with open(os.path.join(pack, "feeds", "bench.toml"), "w") as out:
        out.write(FEED.format(port=port, qos=qos, version=version))
    conf = os.path.join(broker_dir, "conf")
    with open(conf, "w") as out:
        out.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 0\n"
                  f"max_inflight_messages {window}\nlog_dest none\n")
    broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", conf], stderr=subprocess.DEVNULL)
    wait_for("the broker", lambda: listens(port))
    serve = [args.binary, "--data", os.path.join(folder, "lake"), "serve", "--pack", pack, "--listen", f"127.0.0.1:{web}"]

    def start():
        child = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("qala", lambda: listens(web))
        return child

    def feed():
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/api/feeds") as answer:
            return next(f for f in json.load(answer) if f["id"] == "bench")

    def stop(child):
        child.terminate()
        child.wait()

    part = args.messages // PUBLISHERS
    texts = [messages(p * part, part, each) for p in range(PUBLISHERS)]
    readings = part * PUBLISHERS * each
    qala = start()
    try:
        wait_for("a subscription", lambda: feed()["transport"].get("broker", {}).get("qos") is not None)
        if args.live:
            begun = time.time()
            publish(port, qos, texts)
            published = time.time() - begun
        else:
            stop(qala)
            publish(port, qos, texts)
            published = None
            begun = time.time()
            qala = start()
        wait_for("every reading", lambda: feed()["accepted"] >= readings)
        took = time.time() - begun
        assert feed()["accepted"] == readings, feed()
        batches = feed()["messages"]
    finally:
        stop(qala)
        broker.terminate()
        broker.wait()
    mode = f"live, published in {published:.1f} s" if args.live else "queued, start of the program included"
    print(f"proof: MQTT {version} QoS {qos} window={window or 'none'} readings_per_message={each}: {readings} readings "
          f"in {took:.1f} s = {readings / took:.0f} readings/s, {batches} imports ({mode})", flush=True)


def broker_alone(args):
    """The same messages into a subscriber that keeps nothing."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        conf = os.path.join(folder, "conf")
        with open(conf, "w") as out:
            out.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 0\n"
                      "max_inflight_messages 0\nlog_dest none\n")
        broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", conf], stderr=subprocess.DEVNULL)
        wait_for("the broker", lambda: listens(port))
        own = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-i", "bench", "-c", "-q", "1", "-t", "bench"]
        subprocess.run([*own, "-E"], check=True)
        part = args.messages // PUBLISHERS
        publish(port, 1, [messages(p * part, part, 1) for p in range(PUBLISHERS)])
        begun = time.time()
        subprocess.run([*own, "-C", str(part * PUBLISHERS)], stdout=subprocess.DEVNULL, check=True)
        took = time.time() - begun
        broker.terminate()
        broker.wait()
    print(f"proof: the broker alone, QoS 1 into mosquitto_sub: {part * PUBLISHERS / took:.0f} messages/s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "debug", "qala"))
    args = parser.parse_args()
    if not os.path.exists("/usr/sbin/mosquitto") or not shutil.which("mosquitto_pub"):
        sys.exit("skipped: benches/mqtt.py: mosquitto and mosquitto_pub are not installed")
    if not os.path.exists(args.binary):
        sys.exit(f"skipped: benches/mqtt.py: {args.binary} is not built")
    broker_alone(args)
    for version, qos, each, window in [("5", 1, 1, 0), ("5", 2, 1, 0), ("3.1.1", 1, 1, 0), ("3.1.1", 1, 1, 20),
                                       ("5", 1, 20, 0)]:
        with tempfile.TemporaryDirectory() as folder:
            run(args, folder, version, qos, each, window)


if __name__ == "__main__":
    main()
