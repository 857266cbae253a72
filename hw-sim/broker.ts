/** An MQTT 5 broker in memory for one demonstration or test: killed, it forgets everything. */
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { Aedes } from "aedes";
import { number, optionValue, parseOrExit } from "./command-line.ts";
import { endWithParent } from "./end-with-parent.ts";

const port = parseOrExit("node dist/hw-sim/broker.js [--port N]\n", () => {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  return optionValue(
    "port",
    number("a port from 0 to 65535", (n) => Number.isInteger(n) && n >= 0 && n < 65_536),
    values.port,
  );
});

const aedes = await Aedes.createBroker();
const server = createServer({ noDelay: true }, (socket) => aedes.handle(socket));

server.on("error", (error: NodeJS.ErrnoException) => {
  process.stderr.write(`broker: port ${port}: ${error.code ?? error.message}\n`);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  const address = server.address();
  const given = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ ready: true, url: `mqtt://127.0.0.1:${given}` })}\n`);
});

function end(): void {
  server.close();
  aedes.close(() => process.exit(0));
  // A client that does not disconnect must not keep the broker alive.
  setTimeout(() => process.exit(0), 1000).unref();
}
process.once("SIGTERM", end).once("SIGINT", end);
endWithParent(end);
