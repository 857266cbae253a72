/** Topics and topic filters as MQTT has them (MQTT 5 § 4.7): which are well formed, and which topic a filter takes. */

const BYTES_MOST = 65_535;
// biome-ignore lint/suspicious/noControlCharactersInRegex: § 1.5.4 and 4.7.3 forbid exactly these in a topic
const NOT_IN_TOPIC = /[+#\u0000-\u001f\u007f-\u009f]/;

/** Whether this can be the topic of a message; those under `$` are the broker's own. */
export const isTopic = (text: string): boolean =>
  text !== "" && !text.startsWith("$") && !NOT_IN_TOPIC.test(text) && Buffer.byteLength(text) <= BYTES_MOST;

/** Tells which topics a filter takes: `+` is one level, `#` at the end all that follow and the level before them (§ 4.7.1). */
export function topicMatcher(filter: string): (topic: string) => boolean {
  const wanted = filter.split("/");
  const isFixed = !/[+#]/.test(filter);
  return (topic) => {
    if (isFixed) return topic === filter;
    if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
    const levels = topic.split("/");
    for (const [i, level] of wanted.entries()) {
      if (level === "#") return true;
      if (i >= levels.length || (level !== "+" && level !== levels[i])) return false;
    }
    return levels.length === wanted.length;
  };
}
