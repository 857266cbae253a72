/** A pay station: in service or not, silent, whether its cash box needs attention, and which session was paid last. */
import * as z from "zod";
import { duration } from "../../kit/text/quantities.ts";
import { type AlarmSpec, assetKind, type Claim, held, optional, type Seen, shown, state, word } from "./kind.ts";
import { ref } from "./references.ts";

const HOUR_MS = 3_600_000;
/** A contact bounces while it changes. */
const SETTLE_MS = 2000;

const fault: AlarmSpec = {
  severity: "medium",
  raised: { it: "Parcometro {name} fuori servizio da {for}", en: "Pay station {name} out of service for {for}" },
  doubted: { it: "Parcometro {name} fuori servizio: {why}", en: "Pay station {name} out of service: {why}" },
  cleared: { it: "Parcometro {name}: di nuovo in servizio", en: "Pay station {name}: in service again" },
  todo: {
    it: "Avvisare chi ne cura la manutenzione; intanto indicare agli utenti il parcometro più vicino.",
    en: "Tell whoever maintains it; meanwhile show people the way to the nearest other one.",
  },
  unstable: { times: 4, withinMs: HOUR_MS },
};

const silent: AlarmSpec = {
  severity: "medium",
  raised: { it: "Parcometro {name}: nessuna notizia da {for}", en: "Pay station {name}: no news of it for {for}" },
  cleared: { it: "Parcometro {name}: si legge di nuovo", en: "Pay station {name}: can be read again" },
  todo: {
    it: "Controllare alimentazione e cavo del dispositivo che lo osserva: `cippo status` dice perché tace.",
    en: "Check power and cable of the device that watches it: `cippo status` says why it is silent.",
  },
};

const cashBox: AlarmSpec = {
  severity: "low",
  raised: {
    it: "Parcometro {name}: cassa da controllare da {for}",
    en: "Pay station {name}: its cash box has needed attention for {for}",
  },
  doubted: {
    it: "Parcometro {name}: cassa da controllare, {why}",
    en: "Pay station {name}: its cash box needs attention, {why}",
  },
  cleared: { it: "Parcometro {name}: cassa a posto", en: "Pay station {name}: its cash box is in order" },
  todo: { it: "Vuotare la cassa, o verificare chi l'ha aperta.", en: "Empty the cash box, or see who opened it." },
};

/** While the contact cannot be read at this moment, what stands stays and nothing new is told. */
function claimOf(seen: Seen<boolean>, afterMs: number): Claim {
  if (!seen.known) return "unknown";
  if (!seen.value) return false;
  return seen.blind ? { since: seen.since, due: Number.POSITIVE_INFINITY } : held(seen.since, afterMs);
}

const of = (device: string | undefined, point: string): string | undefined =>
  device === undefined ? undefined : `${device}.${point}`;

const isHeard = (seen: Seen<unknown>): boolean => seen.known || seen.since > 0;

export const payStation = assetKind({
  kind: "pay-station",
  model: "Device",
  title: { it: "Parcometro", en: "Pay station" },
  version: 1,
  options: z
    .strictObject({
      device: ref
        .station()
        .optional()
        .describe(
          "The device of the station, such as one of type pay-line: its points `fault`, `cash-box` and `session` are heard.",
        ),
      fault: ref
        .point({ kind: "state" })
        .optional()
        .describe("The point that is true while it is out of service; default: that of `device`."),
      cashBox: ref
        .point({ kind: "state" })
        .optional()
        .describe(
          "The point that is true while its cash box needs attention: full, nearly full, missing or open, as its contact says; default: that of `device`, if it has one.",
        ),
      faultFor: duration().prefault("1min").describe("How long it may be out of service: many come back by themselves."),
      silentFor: duration().prefault("5min").describe("How long nothing may be known of it."),
    })
    .refine(({ device, fault }) => device !== undefined || fault !== undefined, {
      error: "expected DEVICE.POINT, or `device`",
      path: ["fault"],
    }),
  senses: ({ device, fault, cashBox }) => ({
    fault: state(fault ?? `${device}.fault`, { settleMs: SETTLE_MS }),
    cashBox: optional(cashBox ?? of(device, "cash-box"), (from) => state(from, { settleMs: SETTLE_MS })),
    session: optional(of(device, "session"), word),
  }),
  shows: {
    status: { unit: "", kind: "word", meaning: "`working`, `outOfService` or `unknown`." },
    cashBox: { unit: "", kind: "word", meaning: "`inOrder`, `needsAttention` or `unknown`. Absent where no point says it." },
    session: {
      unit: "",
      kind: "word",
      meaning:
        "The session that was told last: its number, the stall (`-`: none), in how many seconds it starts, how many it lasts (0: it is over) and its cents (docs/pay-stations.md). Absent before the first.",
    },
  },
  alarms: { "paystation.fault": fault, "paystation.silent": silent, "paystation.cash-box": cashBox },
  facts: { session: null as string | null },
  lookBackMs: 0,

  learn: (facts, heard) => (heard.of === "session" && heard.seen.known ? { session: heard.seen.value } : facts),

  says({ session }, { o, sees }) {
    const broken = sees.fault;
    // A device without such a point never says anything of it.
    const cash = sees.cashBox && isHeard(sees.cashBox) ? sees.cashBox : undefined;
    return {
      since: broken.since,
      shows: {
        status: shown(broken, (is) => (is ? "outOfService" : "working")),
        cashBox: cash && shown(cash, (is) => (is ? "needsAttention" : "inOrder")),
        session: session ?? undefined,
      },
      claims: {
        "paystation.fault": claimOf(broken, o.faultFor),
        // A pay station never heard has no time since which it is silent; its device is reported down instead.
        "paystation.silent": !broken.known && broken.since > 0 && held(broken.since, o.silentFor),
        "paystation.cash-box": cash === undefined ? false : claimOf(cash, 0),
      },
    };
  },
});
