/** Asks for the addresses of host names, a few at a time, so that a name server that is down holds up nothing else. */
import dns from "node:dns";
import type { LookupFunction } from "node:net";

/**
 * `getaddrinfo` waits in one of the four threads in which Node also reads files and SQLite works; with a name server that is down it does so
 * for up to half a minute. Two of them are always left.
 */
const AT_ONCE = 2;

type Answer = Parameters<Parameters<LookupFunction>[2]>;
type Told = (...answer: Answer) => void;

/** Who asks for a name that is asked for already is told with the others: however often it is tried, a name waits once. */
export class HostLookup {
  readonly #ask: LookupFunction;
  readonly #waiting = new Map<string, { readonly begin: () => void; readonly tell: Told[] }>();
  readonly #asked = new Map<string, { readonly tell: Told[] }>();

  constructor(ask: LookupFunction = dns.lookup as LookupFunction) {
    this.#ask = ask;
  }

  /** As `net.connect` and `tls.connect` take it. */
  readonly lookup: LookupFunction = (host, options, told) => {
    const question = JSON.stringify([host, options.family, options.hints, options.all, options.order]);
    const known = this.#asked.get(question) ?? this.#waiting.get(question);
    if (known) {
      known.tell.push(told);
      return;
    }
    const tell = [told];
    const begin = () => {
      this.#asked.set(question, { tell });
      this.#ask(host, options, (...answer) => {
        this.#asked.delete(question);
        this.#next();
        for (const one of tell) one(...answer);
      });
    };
    if (this.#asked.size < AT_ONCE) begin();
    else this.#waiting.set(question, { begin, tell });
  };

  /** One address of a host; rejects when it has none. May take half a minute. */
  address(host: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.lookup(host, {}, (error, address) => (error ? reject(error) : resolve(String(address))));
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first[0]);
    first[1].begin();
  }
}

/** The process has one pool of threads, and so one of these. */
export const hostLookup = new HostLookup();
