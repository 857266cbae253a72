"""Drives edges on lines of the simulated chip, and prints how many the gateway saw, how soon, and how long driving took."""
# usage: edges.py EDGES PAUSE_MS UNSEEN DEVICE LINE…: so many edges on each line, ending low when even; at most UNSEEN wait to be seen by DEVICE.
# How soon: the p50 and the longest, ms.
import contextlib
import glob
import json
import os
import socket
import sys
import threading
import time

edges, pause, unseen, device, lines = int(sys.argv[1]), float(sys.argv[2]) / 1000, int(sys.argv[3]), sys.argv[4], sys.argv[5:]
WITHIN_S = 5

gateway = socket.socket(socket.AF_UNIX)
gateway.connect("/run/cippo/cippo.sock")
gateway.sendall(json.dumps({"v": 1, "id": 1, "do": "watch", "names": [device]}).encode() + b"\n")
driven, told = [], []
more = threading.Condition()


def listen():
    """Notes when each change was told; repeats of the level before are a sign of life."""
    level = False
    for text in gateway.makefile("r"):
        data = json.loads(text).get("data") or {}
        if data.get("what") == "reading" and data.get("value") is (not level):
            level = not level
            with more:
                told.append(time.monotonic())
                more.notify()


def seen(count):
    """Waits until so many were told; False: in vain."""
    with more:
        return more.wait_for(lambda: len(told) >= count, WITHIN_S)


def beside_us():
    """On one processor the kernel's threads of interrupts come before us: on two, one that stands still would join edges, which no chip does."""
    os.sched_setaffinity(0, {0})
    for file in glob.glob("/proc/[0-9]*/comm"):
        # Others end meanwhile.
        with contextlib.suppress(OSError), open(file) as name:
            if name.read().startswith("irq/"):
                os.sched_setaffinity(int(file.split("/")[2]), {0})


threading.Thread(target=listen, daemon=True).start()
time.sleep(1)
beside_us()
for i in range(edges):
    if not seen(i + 1 - unseen):
        break
    driven.append(time.monotonic())
    for line in lines:
        with open(f"/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{line}/pull", "w") as file:
            file.write("pull-down" if i % 2 else "pull-up")
    time.sleep(pause)
ended = time.monotonic()
seen(len(driven))
took = sorted(round((t - d) * 1000) for t, d in zip(told, driven))
p50, longest = (took[len(took) // 2], took[-1]) if took else (None, None)
print(json.dumps({"seen": len(took), "p50": p50, "longest": longest, "ms": round((ended - driven[0]) * 1000)}))
