# A pymodbus slave on a port or a terminal, until it is ended.
# usage: slave.py tcp PORT | slave.py rtu PATH BAUD UNIT
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer

# The same memory as the libmodbus slave's.
REGISTERS = range(1000)
memory = ModbusSlaveContext(
    co=ModbusSequentialDataBlock(0, [i % 3 == 0 for i in REGISTERS]),
    di=ModbusSequentialDataBlock(0, [i % 4 == 0 for i in REGISTERS]),
    hr=ModbusSequentialDataBlock(0, [1000 + i for i in REGISTERS]),
    ir=ModbusSequentialDataBlock(0, [2000 + i for i in REGISTERS]),
    zero_mode=True,
)
kind, where = sys.argv[1:3]
# The server has no sign of its own that it listens: its caller tries until it answers.
if kind == "tcp":
    StartTcpServer(context=ModbusServerContext(slaves=memory, single=True), address=("127.0.0.1", int(where)))
else:
    baud, unit = map(int, sys.argv[3:5])
    context = ModbusServerContext(slaves={unit: memory}, single=False)
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=where, baudrate=baud)
