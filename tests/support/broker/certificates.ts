/** An authority of its own in a temporary folder, and the certificates that it signs, made with openssl. */
import { execFileSync } from "node:child_process";

export const hasOpenssl = (() => {
  try {
    return execFileSync("openssl", ["version"]).length > 0;
  } catch {
    return false;
  }
})();

const openssl = (folder: string, ...args: string[]): void => {
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
};

/** `{name}.crt` and `{name}.key`, signed by itself. */
export function authority(folder: string, name: string): void {
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`];
  openssl(folder, "req", "-x509", ...key, "-out", `${name}.crt`, "-subj", `/CN=${name}`, "-days", "30");
}

/** `{name}.crt` and `{name}.key`, signed by `by`, for localhost. `days` may be negative: then it expired yesterday. */
export function certificate(folder: string, name: string, by = "ca", days = 30): void {
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`];
  const san = ["-addext", "subjectAltName=DNS:localhost"];
  openssl(folder, "req", "-new", ...key, "-out", `${name}.csr`, "-subj", `/CN=${name}`, ...san);
  const signed = ["-in", `${name}.csr`, "-CA", `${by}.crt`, "-CAkey", `${by}.key`, "-CAcreateserial", "-copy_extensions", "copy"];
  openssl(folder, "x509", "-req", ...signed, "-out", `${name}.crt`, "-days", String(days));
}
