/** What is remembered of the sockets of a column: the energy that each has given, and the session under way. */

/** From the plug going in to its going out. */
export interface Session {
  readonly energy: number;
  /** Nothing of it was missed. */
  readonly complete: boolean;
}

export interface Socket {
  /** What its counter said last; null: it has not been heard. */
  readonly counter: number | null;
  /** The same of a counter that begins anew with each charge. It is asked only where there is no other. */
  readonly chargeCounter: number | null;
  readonly session: Session | null;
}

export const emptySocket: Socket = { counter: null, chargeCounter: null, session: null };

const kWh = (value: number): number => Number(value.toFixed(4));
export const sum = (one: number, other: number): number => kWh(one + other);

/** What a reading of a counter adds: nothing where it went back, since then the column was replaced or reset. */
export function addOf(socket: Socket, counter: number): readonly [Socket, number] {
  const { counter: before, session } = socket;
  const isBack = before !== null && counter < before;
  const added = before === null || isBack ? 0 : kWh(counter - before);
  return [{ ...socket, counter, session: grown(session, added, !isBack) }, added];
}

/** What a reading of a counter adds that begins anew with each charge: where it went back, all that it says. */
export function addOfCharge(socket: Socket, counter: number): readonly [Socket, number] {
  const { chargeCounter: before, session } = socket;
  if (socket.counter !== null) return [{ ...socket, chargeCounter: counter }, 0];
  const added = before === null ? 0 : kWh(counter < before ? counter : counter - before);
  return [{ ...socket, chargeCounter: counter, session: grown(session, added, true) }, added];
}

const grown = (session: Session | null, added: number, isWhole: boolean): Session | null =>
  session && { energy: sum(session.energy, added), complete: session.complete && isWhole };

/** A session begins when a car is plugged in and ends when it is unplugged, not at a fault. Second comes the session that ended. */
export function plugged(socket: Socket, letter: string): readonly [Socket, Session | null] {
  if (letter === "A") return [{ ...socket, session: null }, socket.session];
  if ((letter !== "B" && letter !== "C") || socket.session !== null) return [socket, null];
  return [{ ...socket, session: { energy: 0, complete: true } }, null];
}
