/* Reads ten registers of a slave so many times with libmodbus, and prints CPU microseconds and requests per second. */
/* usage: master tcp PORT N | master rtu PATH BAUD N */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  int is_tcp = argc > 3 && strcmp(argv[1], "tcp") == 0;
  if (argc < (is_tcp ? 4 : 5)) return 2;
  modbus_t *master = is_tcp ? modbus_new_tcp("127.0.0.1", atoi(argv[2])) : modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
  if (!master || modbus_set_slave(master, 1) == -1 || modbus_connect(master) == -1) return 1;
  int n = atoi(argv[argc - 1]);
  uint16_t held[10];
  double used = cpu(), begun = now();
  for (int i = 0; i < n; i++)
    if (modbus_read_registers(master, 100 + i % 500, 10, held) != 10 || held[0] != 1100 + i % 500) return 1;
  printf("{\"cpuUs\": %f, \"perSecond\": %f}\n", (cpu() - used) / n, n / (now() - begun));
  return 0;
}
