/** An ONVIF camera as a real HTTP server: its clock, how it wants to be logged in to, and how it misbehaves. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Behaviour {
  /** How far its clock is from ours, ms; null: it does not say its time in UTC. */
  offsetMs: number | null;
  /** How it wants to be logged in to. It takes a token whose moment is at most 5 s from its clock. */
  login: "token" | "digest" | "basic";
  password: string;
  firmware: string;
  /** In place of any answer. */
  says?: "nothing" | "garbage" | "half";
}

const USER = "cippo";
const REALM = "camera";
const NEAR_MS = 5000;

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const between = (text: string, name: string): string => new RegExp(`<${name}(?: [^>]*)?>([^<]*)<`).exec(text)?.[1] ?? "";
const envelope = (body: string): string =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>${body}</s:Body></s:Envelope>`;
const REFUSED = envelope("<s:Fault><s:Code><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault>");

export class SimulatedCamera implements AsyncDisposable {
  readonly behaviour: Behaviour = { offsetMs: 0, login: "token", password: "right", firmware: "1.0" };
  /** All that it was sent, headers and bodies. */
  readonly heard: string[] = [];
  /** Attempts to log in. */
  logins = 0;
  readonly #server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      this.heard.push(`${JSON.stringify(request.rawHeaders)} ${body}`);
      const { says } = this.behaviour;
      if (says === "nothing") return;
      if (says === "garbage") return void (response.socket as Socket).end("220 ftp.example ready\r\n");
      if (says === "half") return void (response.socket as Socket).end("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<s:Env");
      const [status, headers, text] = this.#answer(request, body);
      response.writeHead(status, headers).end(text);
    });
  });

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #answer(request: IncomingMessage, body: string): [number, Record<string, string>, string] {
    const { offsetMs, login, firmware } = this.behaviour;
    if (body.includes("GetSystemDateAndTime")) {
      const now = new Date(Date.now() + (offsetMs ?? 0));
      const time = `<tt:Time><tt:Hour>${now.getUTCHours()}</tt:Hour><tt:Minute>${now.getUTCMinutes()}</tt:Minute><tt:Second>${now.getUTCSeconds()}</tt:Second></tt:Time>`;
      const date = `<tt:Date><tt:Year>${now.getUTCFullYear()}</tt:Year><tt:Month>${now.getUTCMonth() + 1}</tt:Month><tt:Day>${now.getUTCDate()}</tt:Day></tt:Date>`;
      const utc = offsetMs === null ? "" : `<tt:UTCDateTime>${time}${date}</tt:UTCDateTime>`;
      return [200, {}, envelope(`<tds:GetSystemDateAndTimeResponse>${utc}</tds:GetSystemDateAndTimeResponse>`)];
    }
    const { authorization } = request.headers;
    if (body.includes("UsernameToken") || authorization !== undefined) this.logins += 1;
    if (login === "basic") return [401, { "WWW-Authenticate": `Basic realm="${REALM}"` }, ""];
    const nonce = md5(String(this.heard.length));
    const challenge = { "WWW-Authenticate": `Digest realm="${REALM}", qop="auth", nonce="${nonce}"` };
    if (login === "digest" && !this.#isProven(authorization)) return [401, challenge, ""];
    if (login === "token" && !this.#isKnown(body)) return [400, {}, REFUSED];
    const of = (name: string, value: string): string => `<tds:${name}>${value}</tds:${name}>`;
    const told = `${of("Manufacturer", "ACME")}${of("Model", "C-1")}${of("FirmwareVersion", firmware)}${of("SerialNumber", "42")}`;
    return [200, {}, envelope(`<tds:GetDeviceInformationResponse>${told}</tds:GetDeviceInformationResponse>`)];
  }

  #isKnown(body: string): boolean {
    const created = between(body, "Created");
    const near = Math.abs(Date.parse(created) - Date.now() - (this.behaviour.offsetMs ?? 3_600_000)) <= NEAR_MS;
    const nonce = Buffer.from(between(body, "Nonce"), "base64");
    const digest = createHash("sha1").update(nonce).update(created).update(this.behaviour.password).digest("base64");
    return near && between(body, "Username") === USER && between(body, "Password") === digest;
  }

  #isProven(authorization = ""): boolean {
    const of = (name: string): string => new RegExp(`${name}="?([^",]*)`).exec(authorization)?.[1] ?? "";
    const secret = md5(`${USER}:${REALM}:${this.behaviour.password}`);
    const asked = md5(`POST:${of("uri")}`);
    return of("response") === md5(`${secret}:${of("nonce")}:${of("nc")}:${of("cnonce")}:auth:${asked}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
