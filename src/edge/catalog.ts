/** The catalog document, which names all devices, assets and commands, and its hash (contract, topic `catalog`). */
import { createHash } from "node:crypto";
import type { CommandTarget, DeviceInfo } from "../model/index.ts";
import type { SiteAsset } from "./kinds/index.ts";
import { modelOf } from "./kinds/kind.ts";
import { operatorTargets } from "./operators/operator-actions.ts";

export interface Catalog {
  readonly hash: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function catalogOf(
  devices: readonly DeviceInfo[],
  assets: readonly SiteAsset[],
  commands: readonly CommandTarget[],
): Catalog {
  const body = {
    devices: devices.map(({ id, type, place, points }) => ({
      id,
      type,
      ...(place !== undefined && { place }),
      points: Object.fromEntries(Object.entries(points).map(([name, { unit, kind }]) => [name, { unit, kind }])),
    })),
    assets: assets.map(({ asset, kind }) => ({
      id: asset.id,
      urn: asset.urn,
      kind: asset.kind,
      type: modelOf(kind, asset.options),
      name: asset.name,
      ...(asset.place !== undefined && { place: asset.place }),
      attributes: {
        ...Object.fromEntries(Object.entries(kind.shows).map(([name, { unit }]) => [name, { unit }])),
        ...kind.statics?.(asset.options),
      },
    })),
    commands,
    features: ["proof", "history", "commands"],
  };
  const hash = createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 8);
  return { hash, body };
}

/** Everything that can be commanded: writable points by `set`, assets by what their rule offers, both by operators. */
export function commandTargets(devices: readonly DeviceInfo[], assets: readonly SiteAsset[]): CommandTarget[] {
  const points = devices.flatMap(({ id, points }) =>
    Object.entries(points).flatMap(([point, { writable }]): CommandTarget[] => {
      if (writable === undefined) return [];
      const { min, max, orZero } = writable.limits ?? {};
      const value = {
        type: writable.value,
        required: true,
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(orZero && { orZero }),
      };
      return [
        {
          target: `${id}.${point}`,
          action: "set",
          args: { value },
          impact: writable.impact,
          safe: writable.safe ?? false,
          ...(writable.limits !== undefined && { limits: writable.limits }),
        },
      ];
    }),
  );
  const ofAssets = assets.flatMap(({ asset, kind }) =>
    Object.entries(kind.actions?.(asset.options) ?? {}).map(
      ([action, spec]): CommandTarget => ({ target: asset.id, action, ...spec }),
    ),
  );
  const names = assets.map(({ asset }) => asset.id);
  const ofOperators = operatorTargets(
    devices.map(({ id }) => id),
    names,
  );
  return [...points, ...ofAssets, ...ofOperators];
}
