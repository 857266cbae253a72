/** What a site's configuration may say; its types, defaults and config/schema.json come from here. */
import * as z from "zod";
import { wrongHost } from "../../drivers/addresses.ts";
import { busSchema } from "../../drivers/buses.ts";
import { countries } from "../../edge/answers/holidays.ts";
import { cadence, duration } from "../../kit/text/quantities.ts";
import { notYet } from "./not-yet.ts";

/** Names travel in topics and URNs, and are typed on a keyboard in the rain. `constructor` is a key that every JavaScript object has. */
export const NAME = /^(?!constructor$)[a-z0-9][a-z0-9-]{0,62}$/;
export const name = () =>
  z.string().regex(NAME, {
    error: ({ input }) =>
      input === "constructor"
        ? "expected any other name"
        : "expected a name of lower-case letters, digits and -, such as bay-014",
  });

const text = z.strictObject({
  it: z.string().min(1).describe("In Italian."),
  en: z.string().min(1).describe("In English."),
});
export const place = z
  .strictObject({
    lat: z.number().min(-90).max(90).optional().describe("Latitude in degrees (WGS 84)."),
    lon: z.number().min(-180).max(180).optional().describe("Longitude in degrees (WGS 84)."),
    hint: z
      .strictObject({ it: z.string().optional().describe("In Italian."), en: z.string().optional().describe("In English.") })
      .optional()
      .describe("How to find it, for people."),
  })
  .refine(({ lat, lon }) => (lat === undefined) === (lon === undefined), { error: "expected lat and lon, or neither" });

const DEFAULT_ZONE = "Europe/Rome";
const timezone = z.string().refine(isTimezone, { error: "expected a time zone such as Europe/Rome" });
const day = z.string().refine(isDay, { error: "expected a day such as 07-04 or 2026-07-04" });

const gateway = z.strictObject({
  id: name().describe("Client id and topic of this box; unique in the fleet."),
  site: z
    .strictObject({ id: name().describe("Part of the URN of every asset."), name: notYet(text.optional()) })
    .describe("The place that this box serves."),
  place: notYet(place.optional()),
  timezone: timezone.prefault(DEFAULT_ZONE).describe("Of opening hours, schedules and quarter-hours."),
  holidays: z
    .strictObject({
      country: z
        .enum(countries, { error: `expected a country whose holidays are known here: ${countries.join(", ")}` })
        .describe("Its public holidays, by ISO 3166."),
      extra: z.array(day).prefault([]).describe("Local holidays, MM-DD or YYYY-MM-DD."),
    })
    .optional()
    .describe("What PH means in opening hours."),
  socket: z.string().min(1).optional().describe("Admin socket; default /run/cippo/cippo.sock. Relative to this file."),
  language: z.enum(["it", "en"]).optional().describe("Language of the command line where it is not set."),
  clock: z
    .enum(["auto", "assumed"])
    .prefault("auto")
    .describe(
      "auto: synchronised when systemd-timesyncd has left its mark, or the kernel says so (`timedatectl show -p NTPSynchronized`: chrony, ntpd, PTP); assumed: something outside keeps the clock.",
    ),
});

const file = () => z.string().regex(/^[A-Za-z0-9_][\w.-]*$/, { error: "expected the name of a file, without a folder" });
const NO_PASSWORD = "expected the name of a file that says what it is, such as broker.password, never the password itself";
const credentials = z
  .strictObject({
    cert: file().optional().describe("Client certificate of this gateway."),
    key: file().optional().describe("Its private key."),
    ca: file()
      .optional()
      .describe(
        "Authorities that the certificates of the broker, and of hosts that lists are fetched from, are checked against.",
      ),
    password: z
      .string({ error: NO_PASSWORD })
      .regex(/^[A-Za-z0-9_][\w.-]*$/, { error: NO_PASSWORD })
      .regex(/pass|pwd|secret|cred|\.(pw|txt|key)$/i, { error: NO_PASSWORD })
      .optional()
      .describe("File with the password of `sync.user`, one line; a name that says so, such as broker.password."),
    badgeKey: file()
      .optional()
      .describe(
        "Keys under which badge numbers are hashed: a line each, a name and at least 32 hex digits; two during a change.",
      ),
    trust: file().optional().describe("Public keys of the platform, and what each may sign: lists, commands (docs/lists.md)."),
    folder: z.string().min(1).optional().describe("Default $CREDENTIALS_DIRECTORY. Relative to this file."),
  })
  .describe("Names of files under the credentials directory, never contents.");

const sync = z
  .strictObject({
    broker: z
      .string()
      .refine(isBroker, { error: "expected a broker such as mqtts://host:8883" })
      .refine(isAnonymous, {
        error:
          "expected a broker without user and password in it: the user goes into sync.user, the password into a file that credentials.password names",
      })
      .describe("mqtts://host:port, or mqtt:// on this machine."),
    user: z
      .string()
      .regex(/^[^\p{C}]{1,200}$/u, { error: "expected a user name of 1 to 200 visible characters" })
      .optional()
      .describe("User name at the broker; its password lies in the file that `credentials.password` names."),
    acknowledge: z
      .enum(["platform", "broker"])
      .prefault("platform")
      .describe("platform: proof by the platform's database; broker: hand-over only."),
    acceptLoss: z
      .boolean()
      .prefault(false)
      .describe("Allows acknowledge: broker under MQTT 3.1.1, which cannot prove even hand-over."),
    mqtt: z.literal([5, "3.1.1"]).prefault(5).describe("Protocol version; no automatic fallback."),
    prefix: z
      .string()
      .regex(/^[^+#/\s\p{C}$][^+#/\s\p{C}]*(\/[^+#/\s\p{C}]+)*$/u, {
        error: "expected a topic such as cippo/v1, without +, # or empty levels",
      })
      .prefault("cippo/v1")
      .describe("Root of all topics, before the gateway's id."),
    live: z
      .strictObject({ every: cadence().describe("Cadence of live readings; events and states at once.") })
      .optional()
      .describe("Default every 1s, 30s on metered uplinks."),
    history: z
      .strictObject({ bytesPerSecond: z.int().min(1024).prefault(65_536).describe("Rate cap of backfill.") })
      .prefault({})
      .describe("What waits in the store."),
    reconnect: z
      .strictObject({
        first: cadence().prefault("60s").describe("The first try after the broker hung up comes within this time, at random."),
        max: cadence().prefault("5min").describe("Longest time between two tries."),
      })
      .refine(({ first, max }) => first <= max, { error: "expected not less than first", path: ["max"] })
      .prefault({})
      .describe("How a lost connection is tried again."),
    report: z
      .strictObject({ every: cadence().prefault("30s").describe("How often, while anything sent is not acknowledged.") })
      .prefault({})
      .describe("What the gateway says of itself, on `reported`."),
    uplink: z
      .strictObject({
        metered: z.boolean().prefault(false).describe("It is paid for by volume: live readings go every 30s."),
        monthlyBudgetMB: notYet(z.int().min(1).optional()),
      })
      .prefault({})
      .describe("The way to the network."),
  })
  .transform((o) => ({ ...o, live: o.live ?? { every: o.uplink.metered ? 30_000 : 1000 } }));

const store = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe("Database; default cippo.sqlite in $STATE_DIRECTORY or /var/lib/cippo. Relative to this file."),
    quotaMB: z
      .int()
      .min(8)
      .max(1_048_576)
      .prefault(256)
      .describe("How large the database may become; beyond, the least worth goes first and is named."),
    keep: duration({ least: "1min" }).prefault("14d").describe("Local history after delivery, in running time."),
    commit: duration({ least: "50ms", most: "1h" })
      .prefault("1s")
      .describe("Longest time between a reading and the disk; wear follows commits."),
  })
  .prefault({});

/** The rest of a device belongs to its type: checked by the driver's own strict schema. */
export const deviceHead = z.looseObject({
  type: z.string().describe("One of `cippo devices --types`."),
  bus: name().optional().describe("One of `buses`, of the wire that the type needs."),
  place: place.optional().describe("Where it is."),
});
/** The rest of an asset belongs to its kind. */
export const assetHead = z.looseObject({
  kind: z.string().describe("What it is: one of the kinds below."),
  name: text.optional().describe("As people know it; default: the asset's own name here."),
  urn: z
    .string()
    .regex(/^urn:ngsi-ld:[!-~]+$/, { error: "expected a name such as urn:ngsi-ld:ParkingSpot:city:bay-014" })
    .optional()
    .describe("Default urn:ngsi-ld:{model}:{site}:{asset}."),
  place: place.optional().describe("Where it is; travels with its events."),
});

export const siteSchema = z.strictObject({
  gateway,
  credentials: credentials.optional(),
  sync,
  store,
  buses: z.record(name(), busSchema).prefault({}),
  devices: z.record(name(), deviceHead).prefault({}),
  assets: z.record(name(), assetHead).prefault({}),
  rules: notYet(z.array(z.looseObject({ id: name() })).prefault([])),
});
export type Written = z.output<typeof siteSchema>;

/** The default needs no check, which would load 8 MB of time zone tables at every start. */
function isTimezone(zone: string): boolean {
  if (zone === DEFAULT_ZONE) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Without a year, one that some year has. */
function isDay(text: string): boolean {
  const whole = /^\d{4}-/.test(text) ? text : `2024-${text}`;
  return z.iso.date().safeParse(whole).success;
}

function isBroker(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(address);
  const isBare = ["", "/"].includes(pathname) && search === "" && hash === "";
  return (protocol === "mqtt:" || protocol === "mqtts:") && isBare && wrongHost(hostname) === undefined;
}

function isAnonymous(address: string): boolean {
  if (!URL.canParse(address)) return true;
  const { username, password } = new URL(address);
  return username === "" && password === "";
}
