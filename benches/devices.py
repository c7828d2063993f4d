#!/usr/bin/env python3
"""Readings per second through SensorThings: single POSTs on a connection that stays open, many connections at once, and
data arrays. Every answer comes after fsync; at the end the service must have exactly what it acknowledged.

    python3 benches/devices.py [--seconds 5] [--connections 1,8,32,128] [--rows 100,1000,10000] [--binary PATH]

Prints `proof:` lines. Needs a built `qala` (argument or target/debug/qala); senders are processes of this script, on the
same cores as the server.
"""

import argparse
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BASE = "/sta/v1.1"
STREAMS = 100


def thing():
    streams = [
        {
            "name": f"stream {i}",
            "description": "bench",
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {"name": "degree Celsius", "symbol": "Cel", "definition": "http://unitsofmeasure.org/Cel"},
            "Sensor": {"name": "s", "description": "s", "encodingType": "text/plain", "metadata": "s"},
            "ObservedProperty": {"name": "temperature", "definition": "d", "description": "d"},
        }
        for i in range(STREAMS)
    ]
    place = {
        "name": "roof",
        "description": "roof",
        "encodingType": "application/geo+json",
        "location": {"type": "Point", "coordinates": [10, 10]},
    }
    return {"name": "bench", "description": "bench", "Locations": [place], "Datastreams": streams}


def request(port, path, body):
    head = (
        f"POST {BASE}/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer(stream):
    """Reads one answer; its status."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            sys.exit("the connection broke")
        head += line
    status = int(head.split(b" ", 2)[1])
    length = next(int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length"))
    stream.read(length)
    return status


def connect(port):
    plug = socket.create_connection(("127.0.0.1", port))
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plug, plug.makefile("rb")


def singles(port, connections, seconds, out):
    """Some connections of one process: each sends its next reading when the one before is durable."""
    plugs = [connect(port) for _ in range(connections)]
    bodies = [
        request(port, f"Datastreams({i % STREAMS + 1})/Observations", b'{"phenomenonTime":"2026-03-01T00:00:00Z","result":12.5}')
        for i in range(connections)
    ]
    done, times = 0, []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        for (plug, _), body in zip(plugs, bodies):
            plug.sendall(body)
        for _, stream in plugs:
            if answer(stream) != 201:
                sys.exit("a reading was refused")
            done += 1
        times.append(time.monotonic() - start)
    out.put((done, times))


def arrays(port, rows, seconds, out):
    plug, stream = connect(port)
    row = ["2026-03-01T00:00:00Z", 12.5]
    groups = [
        {"Datastream": {"@iot.id": i + 1}, "components": ["phenomenonTime", "result"], "dataArray": [row] * (rows // 10)}
        for i in range(10)
    ]
    body = request(port, "CreateObservations", json.dumps(groups).encode())
    done, times = 0, []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        plug.sendall(body)
        if answer(stream) != 201:
            sys.exit("an array was refused")
        times.append(time.monotonic() - start)
        done += rows
    out.put((done, times))


def run(work, parts):
    out = multiprocessing.Queue()
    start = time.monotonic()
    senders = [multiprocessing.Process(target=work, args=(*part, out)) for part in parts]
    for sender in senders:
        sender.start()
    found = [out.get() for _ in senders]
    for sender in senders:
        sender.join()
    elapsed = time.monotonic() - start
    times = sorted(t for _, ts in found for t in ts)
    return sum(done for done, _ in found), elapsed, times[len(times) // 2], times[int(len(times) * 0.99)]


def fsync_ms(folder):
    path = os.path.join(folder, "fsync")
    with open(path, "wb") as file:
        start = time.monotonic()
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return (time.monotonic() - start) / 50 * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", default="1,8,32,128")
    parser.add_argument("--rows", default="100,1000,10000")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "debug", "qala"))
    given = parser.parse_args()
    if not os.path.exists(given.binary):
        sys.exit(f"skipped: devices: {given.binary} is not built")
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = os.path.join(folder, "data")
        command = [given.binary, "--data", data, "serve", "--listen", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(600):
                try:
                    connect(port)[0].close()
                    break
                except OSError:
                    time.sleep(0.1)
            plug, stream = connect(port)
            plug.sendall(request(port, "Things", json.dumps(thing()).encode()))
            assert answer(stream) == 201
            print(f"proof: devices fsync of 4 KiB takes {fsync_ms(folder):.2f} ms here")
            total = 0
            for connections in map(int, given.connections.split(",")):
                processes = min(2, connections)
                parts = [(port, connections // processes, given.seconds)] * processes
                done, elapsed, middle, late = run(singles, parts)
                total += done
                print(
                    f"proof: devices single POSTs connections={connections} readings={done} "
                    f"per_second={done / elapsed:.0f} round_ms_median={middle * 1000:.1f} p99={late * 1000:.1f}"
                )
            for rows in map(int, given.rows.split(",")):
                for senders in (1, 2):
                    done, elapsed, middle, late = run(arrays, [(port, rows, given.seconds)] * senders)
                    total += done
                    print(
                        f"proof: devices arrays rows={rows} senders={senders} readings={done} "
                        f"per_second={done / elapsed:.0f} answer_ms_median={middle * 1000:.1f} p99={late * 1000:.1f}"
                    )
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{BASE}/Observations/$count") as count:
                found = int(count.read())
            start = time.monotonic()
            link = f"http://127.0.0.1:{port}{BASE}/Datastreams(1)/Observations?$orderby=phenomenonTime%20desc&$top=1"
            with urllib.request.urlopen(link) as newest:
                newest.read()
            newest_ms = (time.monotonic() - start) * 1000
            with open(f"/proc/{server.pid}/status") as status:
                memory = next(line.split()[1] for line in status if line.startswith("VmHWM"))
            print(
                f"proof: devices acknowledged={total} found={found} newest_of_a_datastream_ms={newest_ms:.0f} "
                f"memory_mib={int(memory) // 1024}"
            )
            if found != total:
                sys.exit("acknowledged and found differ")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
