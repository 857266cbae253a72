/** Checks a name that somebody typed against those of the site, and says which one was probably meant. */
import { EdgeError } from "../kit/errors.ts";
import { suggestion } from "../kit/text/suggestion.ts";

type Points = ReadonlyMap<string, readonly string[]>;

/** Devices with their points, assets with their attributes. */
export interface Names {
  readonly devices: Points;
  readonly assets: Points;
}

/** Throws `cli.unknown-name`, or `cli.not-a-device` for an asset. */
export function checkDevice({ devices, assets }: Names, name: string): void {
  if (devices.has(name)) return;
  if (assets.has(name)) throw new EdgeError("cli.not-a-device", { name });
  const [source] = split(name);
  throw unknownName(name, devices.has(source) ? source : suggestion(name, devices.keys()));
}

/** A device, an asset, or one point of either. Throws `cli.unknown-name`, `cli.unknown-point`. */
export function checkSource(names: Names, name: string): void {
  if (pointsOf(names, name) === undefined) checkPoint(names, name);
}

/** `source.point`, taken apart. Throws `cli.unknown-name`, `cli.unknown-point`, and `cli.which-point` for a source alone. */
export function checkPoint(names: Names, name: string): readonly [source: string, point: string] {
  const [source, point] = split(name);
  const points = pointsOf(names, source);
  if (points === undefined) {
    const near = suggestion(source, [...names.devices.keys(), ...names.assets.keys()]);
    throw unknownName(name, near === undefined || point === "" ? near : `${near}.${point}`);
  }
  const known = points.map((one) => `${source}.${one}`).join(", ");
  if (point === "") throw new EdgeError("cli.which-point", { name: source, known });
  if (points.includes(point)) return [source, point];
  const near = suggestion(point, points);
  throw new EdgeError("cli.unknown-point", {
    name: source,
    point,
    known,
    ...(near !== undefined && { near: `${source}.${near}` }),
  });
}

const unknownName = (name: string, near: string | undefined) =>
  new EdgeError("cli.unknown-name", { name, ...(near !== undefined && { near }) });

const pointsOf = ({ devices, assets }: Names, source: string) => devices.get(source) ?? assets.get(source);

function split(name: string): readonly [source: string, point: string] {
  const dot = name.indexOf(".");
  return dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
}
