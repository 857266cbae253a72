/** An operator on `down/commands` who chooses ids and flags himself and hears every answer. */
import { connectAsync, type MqttClient } from "mqtt";
import { uuidv7 } from "../../../src/kit/uuid-v7.ts";
import { until } from "../running/processes.ts";

export interface Answered {
  readonly id: string;
  readonly state: string;
  readonly code?: string;
}

export class Operator implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #gateway: string;
  readonly #answers: Answered[] = [];

  private constructor(client: MqttClient, gateway: string) {
    this.#client = client;
    this.#gateway = gateway;
  }

  static async open(url: string, gateway: string): Promise<Operator> {
    const client = await connectAsync(url, { protocolVersion: 5, clientId: "operator" });
    const operator = new Operator(client, gateway);
    client.on("message", (_, payload) => operator.#answers.push(JSON.parse(String(payload)) as Answered));
    await client.subscribeAsync(`cippo/v1/${gateway}/up/results`, { qos: 1 });
    return operator;
  }

  /** Resolves when the broker has it. Fields of `parts` override those of a command that is in order. */
  async send(target: string, value: boolean | number, parts: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Date.now();
    const command = {
      v: 1,
      id: uuidv7(now),
      gateway: this.#gateway,
      target,
      action: "set",
      args: { value },
      issuedAt: now,
      expiresAt: now + 60_000,
      issuer: "operator",
      ...parts,
    };
    await this.raw(JSON.stringify(command));
    return command.id;
  }

  async raw(payload: string, retain = false): Promise<void> {
    await this.#client.publishAsync(`cippo/v1/${this.#gateway}/down/commands`, payload, { qos: 1, retain });
  }

  answers(id: string): readonly Answered[] {
    return this.#answers.filter((answer) => answer.id === id);
  }

  /** The answer to `id` that comes after the `after` first ones. */
  answer(id: string, after = 0): Promise<Answered> {
    return until(() => this.answers(id)[after], 15_000, `an answer to ${id}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}
