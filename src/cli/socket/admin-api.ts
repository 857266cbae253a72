/** What a person may ask of the running gateway: `main` implements it, the admin socket serves it. Types only. */
import type { Problem } from "../../config/index.ts";
import type {
  CommandResult,
  CommandTarget,
  EdgeEvent,
  GatewayStatus,
  ListPiece,
  ListStatus,
  PointStatus,
} from "../../model/index.ts";
import type { CommandRequest, HistoryRow, Watched } from "./admin-protocol.ts";

/** What a person at the box may ask of the running gateway; main gives it. Every method may throw EdgeError. */
export interface Admin {
  status(): GatewayStatus;
  /** The same, with assets as `watch` last told them, perhaps not durable yet: a watcher starts from this. */
  present(): GatewayStatus;
  /** Warnings of the running configuration. */
  problems(): readonly Problem[];
  /** Everything that can be commanded, devices and assets. */
  commands(): readonly CommandTarget[];
  /** Polls the device now. Throws `cli.unknown-name`, `cli.not-a-device`. */
  read(device: string): Promise<readonly PointStatus[]>;
  /** Tells of readings and events of these devices and assets (all, when none is named) until the returned function is called. Throws `cli.unknown-name`, `cli.unknown-point`. */
  watch(filter: { readonly names: readonly string[] }, listener: (item: Watched) => void): () => void;
  /** The same path as a command of the platform, with origin `local`. */
  command(request: CommandRequest): Promise<CommandResult>;
  /** The lists that the platform pushed, or that were brought here. */
  lists(): readonly ListStatus[];
  /** Takes a piece of a list's file. Null: there are more to come; else what came of it. Throws `list.*`, `signature.*`, `cli.bad-line`. */
  importList(piece: ListPiece): Promise<ListStatus | null>;
  /** Newest last; since epoch ms. */
  events(filter: { readonly sinceMs?: number; readonly limit: number }): AsyncIterable<EdgeEvent>;
  /** `point` is `source.name`; since epoch ms; oldest first. Throws `cli.unknown-name`, `cli.unknown-point`, `cli.which-point`. */
  history(filter: { readonly point: string; readonly sinceMs: number }): AsyncIterable<HistoryRow>;
}
