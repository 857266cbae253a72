/** Writes a device's page under docs/devices/: options, points and the proofs with their sources. */
import { inputSchema } from "../../src/config/schema/json-schema.ts";
import type { Driver, RegisterPoint } from "../../src/drivers/driver.ts";
import type { PointSpec } from "../../src/model/index.ts";
import { cells } from "./markdown.ts";
import { optionRows } from "./option-rows.ts";

type Json = Readonly<Record<string, unknown>>;

export function devicePage(driver: Driver): string {
  const { type, title, wire, goldens } = driver;
  const options = sample(driver);
  return `<!-- Generated from src/drivers/devices/${type}.ts by \`npm run generate\`: do not edit. -->

# ${type}: ${title.en}

*${title.it}* · wire: ${wire}

\`\`\`yaml
devices:
  my-device: ${flow({ type, ...(wire !== "net" && { bus: `my-${wire}-bus` }), ...options })}
\`\`\`

## Options

${optionRows(inputSchema(driver.options)).join("\n")}

## Points

${pointRows(driver).join("\n")}

## Proofs

Bytes as they are on the wire, and the values that they mean. The tests run them through the code that live bytes go through.

${goldens.map((g) => `- **${g.name}**: \`${g.rx}\` → ${g.expect === "refused" ? "refused" : `\`${JSON.stringify(g.expect)}\``}. ${g.source}.`).join("\n")}
`;
}

/** Options that the schema accepts: those of a golden, with the address that every device on a shared wire needs. */
function sample(driver: Driver): Json {
  for (const golden of driver.goldens)
    for (const head of [{}, { unit: 1 }, { line: 17 }]) {
      const written = { ...head, ...golden.options };
      if (driver.options.safeParse(written).success) return written;
    }
  throw new Error(`${driver.type}: no golden has options that its own schema accepts`);
}

function pointRows(driver: Driver): string[] {
  const points = new Map<string, PointSpec>();
  const registers = new Map<string, RegisterPoint>();
  for (const golden of driver.goldens)
    for (const head of [{}, { unit: 1 }]) {
      const parsed = driver.options.safeParse({ ...head, ...golden.options, ...offered(driver) });
      if (!parsed.success) continue;
      for (const [name, spec] of Object.entries(driver.points(parsed.data))) points.set(name, spec);
      const layout = driver.layout(parsed.data);
      if (layout.wire === "modbus") for (const [name, register] of Object.entries(layout.points)) registers.set(name, register);
    }
  const written = (inputSchema(driver.options)["properties"] as Readonly<Record<string, Json>>)["points"];
  if (written?.["type"] === "object") return ["The points are those that the configuration describes."];
  const modbus = registers.size > 0;
  return [
    cells("Point", "Unit", "Kind", ...(modbus ? ["Function", "Address", "Encoding"] : []), "A row when"),
    cells(...Array.from({ length: modbus ? 7 : 4 }, () => "---")),
    ...[...points].map(([name, spec]) => {
      const r = registers.get(name);
      const where = modbus ? [String(r?.fc ?? ""), r ? `0x${r.address.toString(16)}` : "", r?.decode ?? ""] : [];
      return cells(`\`${name}\``, spec.unit || "–", spec.kind, ...where, rowWhen(spec));
    }),
  ];
}

/** Where the configuration chooses among the points that a type can have: all of them, each once. */
function offered(driver: Driver): Json {
  const written = (inputSchema(driver.options)["properties"] as Readonly<Record<string, Json>>)["points"];
  const names = (written?.["items"] as Json | undefined)?.["enum"] as readonly string[] | undefined;
  return names ? { points: names.filter((name) => !/-\d$/.test(name)) } : {};
}

function rowWhen({ report, unit, kind }: PointSpec): string {
  if (kind === "increments") return "something was added";
  if (report === undefined) return "read";
  const { change, deadband, atLeastMs } = report;
  const ofUnit = unit === "1" ? "" : ` ${unit}`;
  const moved = [
    // Any change at all, of a number that stands for something.
    change === undefined || change === 0 ? "" : `changed by ${change}${ofUnit}`.trim(),
    deadband === undefined ? "" : `changed by ${deadband} %`,
  ].filter(Boolean);
  return [
    ...(moved.length > 0 ? moved : ["changed"]),
    ...(atLeastMs === undefined ? [] : [`every ${atLeastMs / 60_000} min`]),
  ].join(", ");
}

/** As YAML in one line: JSON without the quotes that YAML does not need. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" && !/^[a-z][\w.-]*$/i.test(value) && !/^\d+[a-z]+$/.test(value)
      ? JSON.stringify(value)
      : String(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${flow(inner)}`)
    .join(", ")} }`;
}
