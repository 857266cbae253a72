/** Proofs that a password is known: the vectors of RFC 7616, RFC 2617 and of ONVIF's guide, which are not ours. */
import { describe, expect, it } from "vitest";
import { challengesIn, digestFor } from "../../../../../src/drivers/families/net/digest.ts";
import { passwordDigest, usernameToken } from "../../../../../src/drivers/families/net/onvif-messages.ts";

const NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
const offer = (algorithm: string): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"`;
const REQUEST = { method: "GET", uri: "/dir/index.html", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" };
const MUFASA = { user: "Mufasa", password: "Circle of Life" };
const [SHA256, MD5] = ["753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "8ca523f5e9506fed4657c9700eebdbec"];

describe("Digest access authentication", () => {
  it.each([
    ["MD5", MD5],
    ["SHA-256", SHA256],
  ])("proves it with %s (RFC 7616, 3.9.1)", (algorithm, response) => {
    const proof = digestFor([offer(algorithm)], MUFASA, REQUEST);
    expect(proof).toContain(`response="${response}"`);
    expect(proof).toContain(`algorithm=${algorithm}, opaque="${OPAQUE}", qop=auth, nc=00000001, cnonce="${REQUEST.cnonce}"`);
    expect(proof).not.toContain("Circle");
  });

  it("takes the better of two that are offered, in one header or in two", () => {
    for (const headers of [
      [offer("MD5"), offer("SHA-256")],
      [`${offer("MD5")}, ${offer("SHA-256")}`],
      [`Basic realm="x", ${offer("SHA-256")}`],
    ])
      expect(digestFor(headers, MUFASA, REQUEST)).toContain(`response="${SHA256}"`);
  });

  it("hides the name where the server asks for that (RFC 7616, 3.9.2)", () => {
    const nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK";
    const header = `Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="${nonce}", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`;
    const cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm";
    const proof = digestFor(
      [header],
      { user: "Jäsøn Doe", password: "Secret, or not?" },
      { method: "GET", uri: "/doe.json", cnonce },
    );
    expect(proof).toContain("userhash=true");
    expect(proof).not.toContain("Doe");
  });

  it("does without a count where the server does (RFC 2617, 3.5; RFC 2069, 2.4, erratum 749)", () => {
    const nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    const login = { user: "Mufasa", password: "Circle Of Life" };
    const request = { method: "GET", uri: "/dir/index.html", cnonce: "0a4f113b" };
    const header = `Digest realm="testrealm@host.com", nonce="${nonce}"`;
    expect(digestFor([`${header}, qop="auth,auth-int"`], login, request)).toContain(
      'response="6629fae49393a05397450978507c4ef1"',
    );
    const older = { user: "Mufasa", password: "CircleOfLife" };
    expect(digestFor([header], older, request)).toContain('response="1949323746fe6a43ef61f9606e7febea"');
  });

  it.each([
    'Basic realm="camera"',
    'Digest realm="x", qop="auth-int", nonce="1"',
    'Digest realm="x", algorithm=MD5-sess, nonce="1"',
    "",
    "Digest",
    ',,,=""',
  ])("sends nothing for %j", (header) => expect(digestFor([header], MUFASA, REQUEST)).toBeNull());

  it("reads names and values of a challenge, quoted or not", () => {
    expect(challengesIn(['Digest realm="a \\"b\\", c", nonce=1, Basic realm=x'])).toEqual([
      new Map([
        ["scheme", "digest"],
        ["realm", 'a "b", c'],
        ["nonce", "1"],
      ]),
      new Map([
        ["scheme", "basic"],
        ["realm", "x"],
      ]),
    ]);
  });
});

describe("a UsernameToken", () => {
  const nonce = Buffer.from("LKqI6G/AikKCQrN0zqZFlg==", "base64");

  it("is that of ONVIF's application programmer's guide", () => {
    expect(passwordDigest(nonce, "2010-09-16T07:50:45Z", "userpassword")).toBe("tuOSpGlFlIXsozq4HFNeeGeFLEI=");
  });

  it("says its moment in UTC without fractions, and never the password", () => {
    const token = usernameToken({ user: "a<b&c", password: "userpassword" }, nonce, Date.UTC(2010, 8, 16, 7, 50, 45, 900));
    expect(token).toContain(">tuOSpGlFlIXsozq4HFNeeGeFLEI=</Password>");
    expect(token).toContain(">2010-09-16T07:50:45Z</Created>");
    expect(token).toContain("<Username>a&#60;b&#38;c</Username>");
    expect(token).not.toContain("userpassword");
  });
});
