/** A source that pushes faster, slower or not at all, and a reader that takes in order and learns what it lost. */
import { describe, expect, it } from "vitest";
import { PushQueue } from "../../../../src/kit/loop/push-queue.ts";

const never = new AbortController().signal;

describe("a queue that is pushed to and pulled from", () => {
  it("gives what came, in order, and then waits for more", async () => {
    const queue = new PushQueue<number>({ most: 10, drops: "oldest" });
    const taken = queue.drain(never);
    queue.push(1);
    queue.push(2);
    expect([(await taken.next()).value, (await taken.next()).value]).toEqual([1, 2]);
    const third = taken.next();
    queue.push(3);
    expect((await third).value).toBe(3);
  });

  it("of which the oldest go tells each that is lost, and keeps one that is too large alone", async () => {
    const lost: string[] = [];
    const queue = new PushQueue<string>({ most: 4, drops: "oldest", sizeOf: (s) => s.length, dropped: (s) => lost.push(s) });
    for (const text of ["aa", "bb", "c", "dddddddd"]) queue.push(text);
    expect([lost, queue.lost, queue.take(), queue.take()]).toEqual([["aa", "bb", "c"], 3, "dddddddd", undefined]);
    queue.push("e");
    expect(queue.take()).toBe("e");
  });

  it("of which the newest go has no gap: after the first that is lost no other is kept", () => {
    const queue = new PushQueue<number>({ most: 2, drops: "newest" });
    for (const n of [1, 2, 3]) queue.push(n);
    expect([queue.take(), queue.lost]).toEqual([1, 1]);
    queue.push(4);
    expect([queue.take(), queue.take(), queue.lost]).toEqual([2, undefined, 2]);
  });

  it("that may have no gap tells the reader of it when all before it is taken", async () => {
    const queue = new PushQueue<number>({ most: 1, drops: "newest", overrun: (lost) => new Error(`${lost} lost`) });
    for (const n of [1, 2, 3]) queue.push(n);
    const taken = queue.drain(never);
    expect((await taken.next()).value).toBe(1);
    await expect(taken.next()).rejects.toThrow("2 lost");
  });

  it("that failed gives first what came before, then the first reason", async () => {
    const queue = new PushQueue<number>({ most: 10, drops: "oldest" });
    queue.push(1);
    queue.fail(new Error("unplugged"));
    queue.fail(new Error("closed"));
    const taken = queue.drain(never);
    expect((await taken.next()).value).toBe(1);
    await expect(taken.next()).rejects.toThrow("unplugged");
  });

  it("says when nothing came for a while, each time", async () => {
    const queue = new PushQueue<number>({ most: 10, drops: "oldest" });
    const taken = queue.drain(never, 5, () => "quiet" as const);
    expect([(await taken.next()).value, (await taken.next()).value]).toEqual(["quiet", "quiet"]);
    queue.push(1);
    expect((await taken.next()).value).toBe(1);
  });

  it("ends for a reader that is stopped while it waits, and for one that was stopped before", async () => {
    const queue = new PushQueue<number>({ most: 10, drops: "oldest" });
    const stop = new AbortController();
    const waiting = queue.drain(stop.signal).next();
    stop.abort();
    expect([(await waiting).done, await queue.more(stop.signal)]).toEqual([true, true]);
  });
});
