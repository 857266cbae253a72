/** Hears every record that gateways send up beside the platform, and finds a number that ever meant two things. */
import { connect, type IPublishPacket, type MqttClient } from "mqtt";
import * as read from "../../../hw-sim/platform/messages.ts";
import { until } from "../running/processes.ts";

export class Witness implements AsyncDisposable {
  /** epoch/stream/number → what it said. */
  readonly records = new Map<string, string>();
  readonly contradictions: string[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.#hear(topic.split("/up/")[1] ?? "", payload));
  }

  /** Listens before it resolves, and again after every loss of the broker. */
  static async open(url: string): Promise<Witness> {
    let listening = false;
    const client = connect(url, { protocolVersion: 5, reconnectPeriod: 200, resubscribe: false });
    client.on("error", () => undefined);
    const witness = new Witness(client);
    client.on("connect", () =>
      client.subscribe("cippo/v1/+/up/#", { qos: 1 }, (error) => {
        listening ||= error === null;
      }),
    );
    await until(() => listening, 10_000, "the witness listens");
    return witness;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }

  #hear(path: string, payload: IPublishPacket["payload"]): void {
    const stream = path.replace("history/", "");
    if (stream !== "readings" && stream !== "events") return;
    for (const batch of read.unjoin(read.open(Buffer.from(payload)))) {
      const { epoch, ...records } = stream === "readings" ? read.readings(batch) : read.events(batch);
      for (const record of "rows" in records ? records.rows : records.events)
        this.#keep(`${epoch}/${stream}/${record.seq}`, JSON.stringify(record));
    }
  }

  #keep(number: string, record: string): void {
    const before = this.records.get(number);
    if (before !== undefined && before !== record) this.contradictions.push(`${number}: ${before}, then ${record}`);
    this.records.set(number, record);
  }
}
