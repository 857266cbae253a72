"""Writes frames of an A02YYUW ranging sensor to a serial port, ten a second, each 1 mm further, until it is gone."""
import itertools
import sys
import time
import tty

with open(sys.argv[1], "wb", buffering=0) as port:
    tty.setraw(port)
    for count in itertools.count():
        distance = 500 + count % 3000
        frame = bytes([0xFF, distance >> 8, distance & 0xFF])
        port.write(frame + bytes([sum(frame) & 0xFF]))
        time.sleep(0.1)
