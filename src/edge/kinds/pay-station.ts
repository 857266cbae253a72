/** A pay station: in service or not, silent, and whether its cash box needs attention. */
import * as z from "zod";
import { duration } from "../../kit/text/quantities.ts";
import { type AlarmSpec, assetKind, type Claim, held, optional, type Seen, shown, state } from "./kind.ts";
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

export const payStation = assetKind({
  kind: "pay-station",
  model: "Device",
  title: { it: "Parcometro", en: "Pay station" },
  version: 1,
  options: z.strictObject({
    fault: ref.point({ kind: "state" }).describe("The point that is true while it is out of service."),
    cashBox: ref
      .point({ kind: "state" })
      .optional()
      .describe(
        "The point that is true while its cash box needs attention: full, nearly full, missing or open, as its contact says.",
      ),
    faultFor: duration().prefault("1min").describe("How long it may be out of service: many come back by themselves."),
    silentFor: duration().prefault("5min").describe("How long nothing may be known of it."),
  }),
  senses: (o) => ({
    fault: state(o.fault, { settleMs: SETTLE_MS }),
    cashBox: optional(o.cashBox, (from) => state(from, { settleMs: SETTLE_MS })),
  }),
  shows: {
    status: { unit: "", kind: "word", meaning: "`working`, `outOfService` or `unknown`." },
    cashBox: { unit: "", kind: "word", meaning: "`inOrder`, `needsAttention` or `unknown`. Absent where no point says it." },
  },
  alarms: { "paystation.fault": fault, "paystation.silent": silent, "paystation.cash-box": cashBox },
  facts: {},
  lookBackMs: 0,

  says(_facts, { o, sees }) {
    const broken = sees.fault;
    const cash = sees.cashBox;
    return {
      since: broken.since,
      shows: {
        status: shown(broken, (is) => (is ? "outOfService" : "working")),
        cashBox: cash && shown(cash, (is) => (is ? "needsAttention" : "inOrder")),
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
