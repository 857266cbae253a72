/** Topics and filters by the examples of the MQTT specification. */
import { describe, expect, it } from "vitest";
import { isTopic, topicMatcher } from "../../../../../src/drivers/transports/mqtt/topic-filter.ts";

describe("a filter", () => {
  it.each([
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
    ["sport/tennis/player1/#", "sport/tennis/player2", false],
    ["#", "sport/tennis", true],
    ["#", "$SYS/uptime", false],
    ["+/monitor/Clients", "$SYS/monitor/Clients", false],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["a/b", "a/B", false],
  ])("%s, topic %s: %s", (filter, topic, is) => expect(topicMatcher(filter)(topic)).toBe(is));
});

describe("a topic", () => {
  it.each(["a", "/", "a/b/c", "shellyplus1pm-hall/status/switch:0", "città/è qui"])("can be %j", (topic) =>
    expect(isTopic(topic)).toBe(true),
  );
  it.each(["", "a/+", "a/#", "$SYS/x", "a\u0000b", "a\nb", "x".repeat(65_536)])("cannot be %j", (topic) =>
    expect(isTopic(topic)).toBe(false),
  );
});
