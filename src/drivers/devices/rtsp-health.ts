/** Any camera or recorder that speaks RTSP, asked for what it can do (OPTIONS) and never for a picture. */
import { headersHealth } from "../families/net/headers-health.ts";

const options = { host: "10.20.0.41", path: "/stream1" };

export const rtspHealth = headersHealth({
  type: "rtsp-health",
  title: {
    it: "Telecamera RTSP: solo se risponde, senza immagini",
    en: "RTSP camera: only whether it answers, without pictures",
  },
  by: "rtsp",
  port: 554,
  path: "/",
  goldens: [
    {
      name: "what it can do",
      rx: String.raw`RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE\r\n\r\n`,
      options,
      expect: { authorised: true },
      source: "RFC 2326, 10.1: answer to OPTIONS",
    },
    {
      name: "it wants to know who asks",
      rx: String.raw`RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"\r\n\r\n`,
      options,
      expect: { authorised: false },
      source: "constructed: RFC 2326, 11.3.2, with the challenge of RFC 2617, 3.5",
    },
    { name: "another protocol", rx: String.raw`SSH-2.0-OpenSSH_9.2\r\n`, options, expect: "refused", source: "RFC 4253, 4.2" },
  ],
});
