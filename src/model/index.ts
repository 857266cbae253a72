/** The data types of the gateway: what passes between wire, store, asset kinds and broker. Others import from here. */
export type * from "./asset.ts";
export type * from "./commands.ts";
export type * from "./device.ts";
export type * from "./event.ts";
export type * from "./gateway-status.ts";
export type * from "./list.ts";
export type * from "./reading.ts";
export type * from "./stream.ts";
export type * from "./text.ts";
export type * from "./time.ts";
