/** Lines of the admin socket as random streams: no exception, bounded memory, always the next whole one. */
import { equal, ok } from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Admin } from "../../../src/cli/socket/admin-api.ts";
import { MAX_BAD, serveConnection } from "../../../src/cli/socket/admin-connection.ts";
import { answerSchema, MAX_LINE } from "../../../src/cli/socket/admin-protocol.ts";
import { noLog } from "../../../src/kit/log.ts";
import { Dice, FIRST, INPUTS } from "../../support/memory/dice.ts";
import { gatewayStatus } from "../cli/gateway-status.ts";

const MINUTES_MS = 20 * 60_000;

describe("lines of the admin socket", () => {
  const admin = { status: () => gatewayStatus, problems: () => [], commands: () => [] } as unknown as Admin;

  it("every line has one answer, ten bad ones end it, and a line without an end is refused", {
    timeout: MINUTES_MS,
  }, async () => {
    const chunk = 1000;
    for (let from = FIRST; from < FIRST + INPUTS; from += chunk) {
      const answers: string[] = [];
      let wanted = 0;
      const ids: number[] = [];
      let bad = 0;
      let client = socketTo(admin, answers);
      for (let i = from; i < Math.min(from + chunk, FIRST + INPUTS); i++) {
        const dice = new Dice(i);
        const request = JSON.stringify({ v: 1, id: i, do: dice.pick("problems", "commands") });
        const garbage = dice.pick(
          "",
          request.slice(1 + dice.below(request.length - 1)),
          dice.bytes(40).toString("latin1").replaceAll("\n", " "),
          "{}",
          "null",
          '{"v":1,"id":1e99,"do":"status"}',
        );
        if (garbage.trim() !== "") {
          wanted += 1;
          bad += 1;
        }
        const isOver = bad === MAX_BAD;
        if (!isOver) {
          wanted += 1;
          ids.push(i);
        }
        for (const piece of dice.pieces(`${garbage}\n${request}\n`)) client.push(piece);
        await new Promise((resolve) => setImmediate(resolve));
        if (!isOver) continue;
        ok(client.writableEnded);
        client = socketTo(admin, answers);
        bad = 0;
      }
      const replies = answers.map((line) => answerSchema.parse(JSON.parse(line)));
      equal(replies.length, wanted);
      expect(replies.filter(({ ok }) => ok).map(({ id }) => id)).toEqual(ids);
      client.push("x".repeat(MAX_LINE + 1));
      await new Promise((resolve) => setImmediate(resolve));
      ok(client.writableEnded && answers.length === wanted + 1);
    }
  });
});

/** What is pushed into it is what the client sent. */
function socketTo(admin: Admin, answers: string[]): Duplex {
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => {
      answers.push(...String(chunk).split("\n").filter(Boolean));
      done();
    },
  });
  serveConnection(socket as Socket, admin, noLog);
  return socket;
}
