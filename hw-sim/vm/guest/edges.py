"""A number of edges, a pause in ms and lines of the simulated chip go in; that many edges come out on each, ending low when even, and how long it took in ms."""
import sys
import time

edges, pause, lines = int(sys.argv[1]), float(sys.argv[2]) / 1000, sys.argv[3:]
began = time.monotonic()
for i in range(edges):
    for line in lines:
        with open(f"/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{line}/pull", "w") as file:
            file.write("pull-down" if i % 2 else "pull-up")
    time.sleep(pause)
print(round((time.monotonic() - began) * 1000))
