/* A libmodbus slave on a port or a terminal, until it is ended. */
/* usage: slave tcp PORT | slave rtu PATH BAUD UNIT */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REGISTERS 1000

/* Coil i is set when i is a multiple of 3, input i of 4; holding register i holds 1000 + i, input register i 2000 + i. */
static modbus_mapping_t *memory(void) {
  modbus_mapping_t *map = modbus_mapping_new(REGISTERS, REGISTERS, REGISTERS, REGISTERS);
  for (int i = 0; map && i < REGISTERS; i++) {
    map->tab_bits[i] = i % 3 == 0;
    map->tab_input_bits[i] = i % 4 == 0;
    map->tab_registers[i] = 1000 + i;
    map->tab_input_registers[i] = 2000 + i;
  }
  return map;
}

/* Answers until the master hangs up. */
static void serve(modbus_t *slave, modbus_mapping_t *map) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  for (;;) {
    int length = modbus_receive(slave, query);
    if (length > 0) modbus_reply(slave, query, length, map);
    else if (length < 0 && errno != EMBBADCRC && errno != EINTR && errno != ETIMEDOUT) return;
  }
}

int main(int argc, char **argv) {
  int is_tcp = argc > 2 && strcmp(argv[1], "tcp") == 0;
  if (argc < (is_tcp ? 3 : 5)) return 2;
  modbus_t *slave = is_tcp ? modbus_new_tcp("127.0.0.1", atoi(argv[2])) : modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
  modbus_mapping_t *map = memory();
  if (!slave || !map) return 1;
  if (!is_tcp) {
    modbus_set_slave(slave, atoi(argv[4]));
    if (modbus_connect(slave) == -1) return 1;
    puts("ready"), fflush(stdout);
    serve(slave, map);
    return 0;
  }
  int listener = modbus_tcp_listen(slave, 4);
  if (listener == -1) return 1;
  puts("ready"), fflush(stdout);
  while (modbus_tcp_accept(slave, &listener) != -1) {
    serve(slave, map);
    modbus_close(slave);
  }
  return 1;
}
