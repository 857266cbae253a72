/** The control port of a site: one JSON line asks, one answers. */
import * as z from "zod";
import { LineSplitter } from "../../src/kit/text/line-splitter.ts";
import { FAULTS, type Fault } from "./faults.ts";
import type { Player } from "./play.ts";
import { SocketLine } from "./socket-line.ts";

const request = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("begin") }),
  z.strictObject({ do: z.literal("freeze") }),
  z.strictObject({ do: z.literal("state") }),
  z.strictObject({ do: z.literal("arrive"), bay: z.string() }),
  z.strictObject({ do: z.literal("leave"), bay: z.string() }),
  z.strictObject({
    do: z.literal("set"),
    device: z.string(),
    point: z.string(),
    value: z.union([z.number(), z.boolean(), z.string()]),
  }),
  z.strictObject({
    do: z.literal("fault"),
    kind: z.enum(FAULTS),
    device: z.string().optional(),
    bus: z.string().optional(),
    forMs: z.number().positive(),
    lateMs: z.number().nonnegative().prefault(1500),
  }),
]);

/** What can be asked of a site. */
export interface Controlled {
  readonly player: Player;
  /** Begins a play that waits. Returns when it began, monotonic ms. */
  begin(): number;
  /** Stops all movement. Returns when that was, monotonic ms. */
  freeze(): number;
  fault(fault: Fault): Promise<void>;
  state(): object;
}

/** A line longer than this is no request. */
const LINE_BYTES = 65_536;

export async function openControl(site: Controlled): Promise<SocketLine> {
  const line = new SocketLine((socket) => {
    const lines = new LineSplitter(LINE_BYTES);
    let answered = Promise.resolve();
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      for (const asked of lines.push(chunk))
        if (asked === null) socket.destroy();
        else
          answered = answered.then(async () => {
            const answer = await answerTo(site, asked);
            if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
          });
    });
  });
  await line.plug();
  return line;
}

/** `{"ok":true,…}` or `{"ok":false,"error":"…"}`; never throws. */
async function answerTo(site: Controlled, asked: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const read = request.safeParse(JSON.parse(asked));
    if (!read.success) return { ok: false, error: z.prettifyError(read.error) };
    return { ok: true, ...(await carryOut(site, read.data)) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

async function carryOut(site: Controlled, asked: z.output<typeof request>): Promise<object> {
  switch (asked.do) {
    case "begin":
      return { at: site.begin() };
    case "freeze":
      return { at: site.freeze() };
    case "state":
      return site.state();
    case "arrive":
      site.player.arrive(asked.bay);
      return {};
    case "leave":
      site.player.leave(asked.bay);
      return {};
    case "set":
      site.player.set(asked.device, asked.point, asked.value);
      return {};
    case "fault": {
      const { do: _, device, bus, ...fault } = asked;
      await site.fault({
        ...fault,
        ...(device === undefined ? {} : { device }),
        ...(bus === undefined ? {} : { bus }),
      });
      return {};
    }
  }
}
