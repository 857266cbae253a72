/** A kind that listens to a reader of badges, for the tests of what it hears. */
import { assetKind, badge, held } from "../../../../src/edge/kinds/kind.ts";

/** A gate that opens to whoever has a valid permit, and counts all who came. */
export const gate = assetKind({
  kind: "gate",
  model: "Device",
  title: { it: "Varco", en: "Gate" },
  version: 1,
  options: null as never,
  senses: ({ reader, list }: { reader: string; list: string }) => ({ shown: badge(reader, list) }),
  shows: {
    status: { unit: "", kind: "word", meaning: "the newest verdict" },
    came: { unit: "", kind: "counter", meaning: "how many came" },
  },
  alarms: {
    "gate.refused": {
      severity: "low",
      raised: { it: "{name}: rifiutato", en: "{name}: refused" },
      cleared: { it: "{name}: aperto", en: "{name}: open" },
      todo: { it: "Andare a vedere.", en: "Go and see." },
    },
  },
  facts: { came: 0, until: null as number | null, verdict: "nobody" },
  lookBackMs: 0,
  learn(facts, heard) {
    if (heard.of !== "shown" || !heard.seen.known) return facts;
    const { verdict, until, version } = heard.seen.value;
    return { came: facts.came + 1, until, verdict: version === null ? "no list" : verdict };
  },
  says({ came, until, verdict }, { sees: { shown }, ended }) {
    const isOver = until !== null && ended(until) !== null;
    return {
      shows: { status: isOver ? "over" : verdict, came },
      claims: { "gate.refused": verdict !== "nobody" && verdict !== "valid" && held(shown.since) },
    };
  },
});
