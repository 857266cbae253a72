/** A TLS listener that notes in a file who calls: the subject and issuer of its client certificate. */
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:tls";

const read = (name) => readFileSync(`/cases/keys/${name}`);
const options = {
  key: read("broker.key"),
  cert: read("broker.crt"),
  ca: read("ca.crt"),
  requestCert: true,
  rejectUnauthorized: true,
};
createServer(options, (socket) => {
  const { subject, issuer } = socket.getPeerCertificate();
  appendFileSync("/tmp/callers", `${subject?.CN} by ${issuer?.CN}\n`);
  socket.on("error", () => socket.destroy()).destroy();
}).listen(8883, "127.0.0.1");
