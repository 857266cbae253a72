/** How a device of the network is logged in to: options, and the password from its file, which is never told to anybody. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Wires } from "../../driver.ts";
import type { Login } from "./digest.ts";

const file = z.string().regex(/^[A-Za-z0-9_][\w.-]*$/, { error: "expected the name of a file, without a folder" });

export const loginShape = {
  user: z
    .string()
    .regex(/^[^\p{C}]{1,200}$/u, { error: "expected a user name of 1 to 200 visible characters" })
    .optional()
    .describe("User name at the device; its password lies in a file. An account that may only look is enough."),
  credentials: z
    .strictObject({ password: file.describe("File with the password of `user`, one line.") })
    .optional()
    .describe("Names of files under the credentials directory, never contents."),
};

export interface LoginOptions {
  readonly user?: string | undefined;
  readonly credentials?: { readonly password: string } | undefined;
}

/** One without the other is a mistake. */
export function bothOrNeither({ user, credentials }: LoginOptions, { addIssue }: z.core.$RefinementCtx): void {
  const lacks = (path: string, message: string) => addIssue({ code: "custom", path: [path], message });
  if (user !== undefined && credentials === undefined)
    lacks("credentials", "expected password, the file with the password of user");
  if (user === undefined && credentials !== undefined) lacks("user", "expected user beside a password");
}

const MOST_BYTES = 1000;

/** undefined: the site has none. Throws `credentials.missing` or `credentials.unusable`. */
export async function loginOf({ user, credentials }: LoginOptions, wires: Wires): Promise<Login | undefined> {
  if (user === undefined || credentials === undefined) return undefined;
  const name = credentials.password;
  const bytes = await wires.credential(name);
  const password = Buffer.from(bytes)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (password !== "" && bytes.length <= MOST_BYTES && !/\p{C}/u.test(password)) return { user, password };
  const reason = { it: "non è una sola riga con una password", en: "it is not one line with a password" };
  throw new EdgeError("credentials.unusable", { name, folder: "credentials", reason });
}
