/** Reads the files of a TLS client from its credentials, and says which one is missing or broken before anybody is called. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { EdgeError } from "../errors.ts";
import { systemReason } from "../text/reasons.ts";

/** Names of files under `folder`, never contents. They are read at each connect: a renewed certificate counts from then on. */
export interface TlsFiles {
  readonly folder: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

type Part = "cert" | "key" | "ca";

/** Throws `credentials.missing` or `credentials.unusable`. */
export async function tlsContext(credentials?: TlsFiles): Promise<SecureContext> {
  const files: Partial<Record<Part, Buffer>> = {};
  for (const part of ["cert", "key", "ca"] as const) {
    const name = credentials?.[part];
    if (name !== undefined && credentials !== undefined) files[part] = await credential(credentials.folder, name);
  }
  return checked(files, credentials);
}

/** Throws `credentials.missing`, or `credentials.unusable` for a file that is there and cannot be read. */
export async function credential(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    if (reason === "ENOENT") throw new EdgeError("credentials.missing", { name, folder }, cause);
    throw new EdgeError("credentials.unusable", { name, folder, reason }, cause);
  }
}

/** OpenSSL reads the files here, so that a broken certificate, or a key that is not its own, fails before the far side is asked. */
function checked(files: Partial<Record<Part, Buffer>>, credentials?: TlsFiles): SecureContext {
  for (const part of ["ca", "cert", "key"] as const) {
    if (files[part] === undefined) continue;
    try {
      // OpenSSL skips anything in a file of authorities that is not a certificate: it could end up trusting nobody.
      if (part === "ca") new X509Certificate(files[part]);
      else createSecureContext({ [part]: files[part] });
    } catch (cause) {
      throw unusable(credentials, part, cause);
    }
  }
  try {
    return createSecureContext({ ...files, minVersion: "TLSv1.2" });
  } catch (cause) {
    throw unusable(credentials, "key", cause);
  }
}

function unusable(credentials: TlsFiles | undefined, part: Part, cause: unknown): EdgeError {
  const context = { name: credentials?.[part] ?? part, folder: credentials?.folder ?? "", reason: systemReason(cause) };
  return new EdgeError("credentials.unusable", context, cause);
}
