/** A camera's snapshot address, asked for its headers alone (HEAD): whether a picture would come, and never the picture. */
import { headersHealth } from "../families/net/headers-health.ts";

const options = { host: "10.20.0.41", path: "/snapshot.jpg" };

export const snapshotHealth = headersHealth({
  type: "snapshot-health",
  title: {
    it: "Istantanea HTTP di una telecamera: solo le intestazioni, mai l'immagine",
    en: "HTTP snapshot of a camera: headers only, never the picture",
  },
  by: "http",
  port: 80,
  path: "/snapshot.jpg",
  points: { snapshot: { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } },
  // A server that does not know HEAD (RFC 9110, 9.1) lives; whether a picture would come it does not say, and it is not asked for one.
  read({ status, headers }) {
    if (status === 405 || status === 501) return {};
    return { snapshot: status === 200 && /^image\//i.test(headers.get("content-type")?.[0] ?? "") };
  },
  goldens: [
    {
      name: "a picture would come",
      rx: String.raw`HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 48211\r\n\r\n`,
      options,
      expect: { authorised: true, snapshot: true },
      source: "constructed: RFC 9110, 9.3.2 and 8.3: headers of a GET, without its content",
    },
    {
      name: "there is no such address",
      rx: String.raw`HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n`,
      options,
      expect: { authorised: true, snapshot: false },
      source: "constructed: RFC 9110, 15.5.5",
    },
    {
      name: "headers alone are not to be had",
      rx: String.raw`HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n\r\n`,
      options,
      expect: { authorised: true, snapshot: null },
      source: "constructed: RFC 9110, 15.5.6",
    },
    {
      name: "it wants to know who asks",
      rx: String.raw`HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"\r\n\r\n`,
      options,
      expect: { authorised: false, snapshot: null },
      source: "RFC 7616, 3.9.1",
    },
    {
      name: "no end of the headers",
      rx: String.raw`HTTP/1.1 200 OK\r\n`,
      options,
      expect: "refused",
      source: "constructed: cut",
    },
  ],
});
