# Reads ten registers of a slave so many times with pymodbus, and prints CPU microseconds and requests per second.
# usage: master.py tcp PORT N | master.py rtu PATH BAUD N
import json
import sys
import time

from pymodbus.client import ModbusSerialClient, ModbusTcpClient

kind, where = sys.argv[1:3]
n = int(sys.argv[-1])
client = ModbusTcpClient("127.0.0.1", port=int(where)) if kind == "tcp" else ModbusSerialClient(where, baudrate=int(sys.argv[3]))
client.connect()
used, begun = time.process_time(), time.monotonic()
for i in range(n):
    assert client.read_holding_registers(100 + i % 500, 10, slave=1).registers[0] == 1100 + i % 500
cpu, took = time.process_time() - used, time.monotonic() - begun
print(json.dumps({"cpuUs": cpu * 1e6 / n, "perSecond": n / took}))
