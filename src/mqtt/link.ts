/** What one connection to an MQTT broker offers and needs, free of the library that speaks the protocol. */
import type { EdgeError } from "../kit/errors.ts";
import type { AfterAck } from "./ack-order.ts";
import type { SocketOptions } from "./broker.ts";
import type { Oversized } from "./frame-guard.ts";

/** MQTT 5 § 2.4, the codes that mean something here. */
export const REASON = {
  success: 0x00,
  noSubscriber: 0x10,
  takenOver: 0x8e,
  tooLarge: 0x95,
  badPayload: 0x99,
  noRetain: 0x9a,
  noQos1: 0x9b,
} as const;

export interface Incoming {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
  /** The broker sent it before (DUP): it may have been taken, and our acknowledgement lost. */
  readonly again: boolean;
  /** Packet identifier of one that is to be acknowledged; the broker sends it again under the same (MQTT 5 § 4.4). Undefined: QoS 0. */
  readonly id?: number;
  readonly responseTopic?: string;
  readonly correlation?: Uint8Array;
}

export interface LinkOptions extends SocketOptions {
  readonly clientId: string;
  readonly mqtt: 5 | "3.1.1";
  /** Its password lies in the credential of that name. */
  readonly user?: string;
  readonly keepaliveSeconds: number;
  /** A publish without PUBACK for this long ends the link. */
  readonly pubackTimeoutMs: number;
  /** What the broker says of us when we are gone. Absent: we only listen, and need of a broker neither retained messages nor QoS 1. */
  readonly will?: { readonly topic: string; readonly payload: string };
  /**
   * While so many messages are being worked on, nothing more is read from the socket, not even answers to pings: so this is for connections that only
   * listen. A broker of MQTT 5 holds QoS 1 messages back by itself. Absent: no limit.
   */
  readonly underWayMost?: number;
  /**
   * The message is acknowledged when this resolves, and then what it resolves with is done; when it rejects it is not acknowledged, and comes
   * again with the next connection. `over`: the link has ended, and with it this delivery.
   */
  onMessage(message: Incoming, over: AbortSignal): Promise<AfterAck | undefined>;
  /** A message that is larger than the contract allows was passed over. */
  oversized?(message: Oversized): void;
  /** The broker sent a packet, an answer to a ping included. */
  heard?(): void;
}

export interface Filter {
  readonly topic: string;
  readonly retainHandling: 0 | 1;
}

export interface Publish {
  readonly retain?: boolean;
  /** A requester chose the topic: what the broker says of it is not remembered. */
  readonly passing?: boolean;
  readonly correlation?: Uint8Array;
}

export interface Link extends AsyncDisposable {
  readonly sessionPresent: boolean;
  /** True until the link has ended. */
  readonly open: boolean;
  readonly receiveMaximum: number;
  /** Largest packet the broker takes, bytes. */
  readonly maximumPacketSize: number;
  /** Resolves with the PUBACK's reason code (0 under 3.1.1); rejects when the link ends first. Too large for the broker: 0x95, unsent. */
  publish(topic: string, payload: Uint8Array | string, publish?: Publish): Promise<number>;
  /** One granted QoS or reason code per filter. */
  subscribe(filters: readonly Filter[]): Promise<readonly number[]>;
  /** Resolves, never rejects, with the reason when the link is over. */
  readonly closed: Promise<EdgeError>;
  /** Ends it at once, for this reason. */
  end(reason: EdgeError): void;
}

/** Contract: nothing that comes down is larger. */
export const MAX_DOWN_BYTES = 128 * 1024;

/** Bytes of the PUBLISH on the wire, rounded up: fixed header ≤ 5, topic, packet id, properties (MQTT 5 § 3.3). */
export function packetSize(topic: string, payloadBytes: number, correlationBytes = 0): number {
  const properties = correlationBytes > 0 ? 3 + correlationBytes + 2 : 1;
  return 5 + 2 + Buffer.byteLength(topic) + 2 + properties + payloadBytes;
}
