"""A number of edges, a line of the simulated chip and the gateway's door on it go in; each edge is waited for at the gateway, and how many it saw and how soon (p50 and longest, ms) comes out."""
import json
import socket
import sys
import time

edges, line, door = int(sys.argv[1]), sys.argv[2], sys.argv[3]
WITHIN_S = 5

gateway = socket.socket(socket.AF_UNIX)
gateway.connect("/run/cippo/cippo.sock")
gateway.settimeout(WITHIN_S)
gateway.sendall(json.dumps({"v": 1, "id": 1, "do": "watch", "names": [door]}).encode() + b"\n")
told = gateway.makefile("r")
time.sleep(1)


def seen(level):
    """Waits for a reading that says so; repeats of the level before are a sign of life."""
    for text in told:
        data = json.loads(text).get("data") or {}
        if data.get("what") == "reading" and data.get("value") is level:
            return True
    return False


took = []
for i in range(edges):
    with open(f"/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{line}/pull", "w") as file:
        began = time.monotonic()
        file.write("pull-down" if i % 2 else "pull-up")
    try:
        if not seen(i % 2 == 0):
            break
    except TimeoutError:
        break
    took.append(round((time.monotonic() - began) * 1000))
took.sort()
print(json.dumps({"seen": len(took), "p50": took[len(took) // 2] if took else None, "longest": took[-1] if took else None}))
