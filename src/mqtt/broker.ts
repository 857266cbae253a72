/** A broker's address, and the names of the files by which gateway and broker know each other. */
import type { TlsFiles } from "../kit/system/tls-context.ts";

export interface Credentials extends TlsFiles {
  /** Holds the password of the user. */
  readonly password?: string;
}

/** What the configuration calls the options of a connection: whoever reads an error must find them there. */
export interface BrokerKeys {
  readonly brokerKey: string;
  readonly userKey: string;
  readonly credentialsKey: string;
  readonly versionKey: string;
  readonly clientIdKey: string;
}

const PLATFORM_KEYS: BrokerKeys = {
  brokerKey: "sync.broker",
  userKey: "sync.user",
  credentialsKey: "credentials",
  versionKey: "sync.mqtt",
  clientIdKey: "gateway.id",
};

export interface SocketOptions {
  readonly broker: string;
  /** Absent: those of the platform's broker. */
  readonly keys?: BrokerKeys;
  readonly credentials?: Credentials;
  readonly timeoutMs: number;
  /** Without a synchronised clock a certificate's dates prove nothing against the broker. */
  readonly clockSynced: () => boolean;
}

/** The broker as people may see it: without user and password. */
export function brokerName(broker: string): string {
  const { protocol, host } = new URL(broker);
  return `${protocol}//${host}`;
}

/** Whether the connection failed before it reached the broker: then a longer wait would not spare the broker anything. */
export const isLocal = (reason: string): boolean =>
  ["ENETUNREACH", "ENETDOWN", "EHOSTUNREACH", "EHOSTDOWN", "ETIMEDOUT", "EAI_AGAIN", "EADDRNOTAVAIL"].includes(reason);

export const keysOf = ({ keys }: Pick<SocketOptions, "keys">): BrokerKeys => keys ?? PLATFORM_KEYS;
