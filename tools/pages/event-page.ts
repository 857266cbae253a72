/** Writes docs/events.md: every kind of event that a gateway tells, with its severity, states and fields. */
import { alarmsOf } from "../../src/edge/kinds/alarm-table.ts";
import { assetKinds } from "../../src/edge/kinds/index.ts";
import type { HostEvent } from "../../src/model/events/asset-events.ts";
import { hostEvents } from "../../src/model/host-events.ts";
import { cells } from "./markdown.ts";

const both = ({ it, en }: { readonly it: string; readonly en: string }): string => `${en}<br>*${it}*`;
const rule = (columns: number): string => cells(...Array.from({ length: columns }, () => "---"));

export function eventPage(): string {
  const own = Object.entries<HostEvent>(hostEvents).map(([kind, { severity, states, what, todo, fields }]) =>
    cells(`\`${kind}\``, severity, states.join(", "), [what, ...(todo ? [todo] : [])].map(both).join("<br>→ "), fieldsOf(fields)),
  );
  const ofAssets = Object.values(assetKinds).flatMap((of) =>
    Object.entries(alarmsOf(of)).map(([kind, { severity, raised }]) =>
      cells(`\`${kind}\``, severity, `[${of.kind}](kinds/${of.kind}.md)`, both(raised)),
    ),
  );
  return `<!-- Generated from src/model/host-events.ts and src/edge/kinds/ by \`npm run generate\`: do not edit. -->

# Events

Every kind of event with its severity, the states that it goes through, and what it carries beside the fields that [every event](mqtt-contract.md#event) has.
\`noted\` has happened and is over; what is \`raised\` stands until it is \`cleared\`, and is listed in \`alarms\` meanwhile. Severity \`critical\` is copied
to \`urgent\`.

## Of the gateway itself

${cells("Kind", "Severity", "States", "What happened", "Fields")}
${rule(5)}
${own.join("\n")}

## Of assets

All of them are \`raised\`, \`updated\` when it becomes uncertain or certain again, and \`cleared\`. They carry \`asset\`, \`urn\`, \`place\` where it is written, and \`cause\`: \`{device,
point, value}\` of the reading behind it, with the asset as \`device\` where its attribute is that reading, and \`code\` while it is in doubt. What whoever is sent there does: [alarms](alarms.md).

${cells("Kind", "Severity", "Raised by", "Text")}
${rule(4)}
${ofAssets.join("\n")}
`;
}

const fieldsOf = (fields: HostEvent["fields"]): string =>
  Object.entries(fields)
    .map(([name, meaning]) => (meaning === "" ? `\`${name}\`` : `\`${name}\`: ${meaning}`))
    .join("<br>") || "–";
