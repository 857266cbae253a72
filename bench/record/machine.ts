/** What a result must say of the machine that it was measured on. */
import { cpus, loadavg } from "node:os";

export const machineRecord = () => ({
  cpu: cpus()[0]?.model ?? "",
  cores: cpus().length,
  node: process.version,
  at: new Date().toISOString(),
  load: loadavg()[0],
});
