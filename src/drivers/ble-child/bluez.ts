/** BlueZ over one D-Bus connection, each call with a time-out. The only file that touches node-ble. */
import { createBluetooth } from "node-ble";
import BusHelper from "node-ble/src/BusHelper.js";
import typed from "node-ble/src/buildTypedValue.js";
import { advertOf, type Heard, shortUuid } from "./properties.ts";
import { Trouble, troubleOf, typeOf } from "./trouble.ts";

const BLUEZ = "org.bluez";
const DEVICE = "org.bluez.Device1";
const OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager";
/**
 * dbus-next can listen only to signals that the introspection data name. This short version names the one that is needed and leaves out the list of
 * all known devices, which need not be fetched.
 */
const MANAGER_XML = `<node><interface name="${OBJECT_MANAGER}"><method name="GetManagedObjects"><arg type="a{oa{sa{sv}}}" direction="out"/></method><signal name="InterfacesAdded"><arg type="o"/><arg type="a{sa{sv}}"/></signal></interface></node>`;
const CALL_MS = 5000;

export interface BluezEvents {
  /** An advertisement of an address; strange ones only when BlueZ first meets them. */
  heard(mac: string, advert: Heard): void;
  /** The connection is of no more use. */
  lost(trouble: Trouble): void;
}

type Objects = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

interface ObjectManager {
  on(event: string, listener: (path: string, interfaces: unknown) => void): void;
  GetManagedObjects(): Promise<Objects>;
}

/** dbus-next's MessageBus, as node-ble holds it. */
interface MessageBus {
  on(event: "error", listener: (error: Error & { readonly code?: string }) => void): void;
  getProxyObject(name: string, path: string, xml: string): Promise<{ getInterface(name: string): ObjectManager }>;
}

interface Followed {
  readonly helper: BusHelper;
  onChange: (changed: Readonly<Record<string, unknown>>) => void;
}

export class Bluez implements Disposable {
  readonly #bus: MessageBus;
  readonly #destroy: () => void;
  readonly #path: string;
  readonly #adapter: BusHelper;
  readonly #events: BluezEvents;
  readonly #followed = new Map<string, Followed>();
  #manager: ObjectManager | null = null;
  /** Match rules asked of the D-Bus daemon: none is ever given back, and it grants 512 (dbus-daemon(1), max_match_rules_per_connection). */
  matchRules = 0;

  private constructor(bus: MessageBus, destroy: () => void, adapter: string, events: BluezEvents) {
    this.#bus = bus;
    this.#destroy = destroy;
    this.#path = `/org/bluez/${adapter}`;
    this.#adapter = new BusHelper(bus, BLUEZ, this.#path, "org.bluez.Adapter1");
    this.#events = events;
  }

  /** Throws Trouble. */
  static async open(adapter: string, events: BluezEvents): Promise<Bluez> {
    const { bluetooth, destroy } = createBluetooth();
    const bus = (bluetooth as unknown as { readonly dbus: MessageBus }).dbus;
    // At once: without a listener a missing D-Bus ends the process; and then `adapters()` is never answered (dbus-next).
    const gone = new Promise<never>((_, reject) => {
      bus.on("error", (error) => {
        const trouble = new Trouble("no-bus", error.message || String(error.code));
        reject(trouble);
        events.lost(trouble);
      });
    });
    gone.catch(() => undefined);
    try {
      const adapters = await Promise.race([within(CALL_MS, "adapters", bluetooth.adapters()), gone]);
      if (!adapters.includes(adapter))
        throw new Trouble("no-adapter", `no ${adapter}: BlueZ has ${adapters.join(", ") || "no adapter"}`);
      const bluez = new Bluez(bus, destroy, adapter, events);
      await Promise.race([within(CALL_MS, "signals", bluez.#listen()), gone]);
      return bluez;
    } catch (error) {
      destroy();
      throw troubleOf(error);
    }
  }

  /** The first advertisement of an address that BlueZ did not know comes only with the signal that announces the new object. */
  async #listen(): Promise<void> {
    this.#manager = (await this.#bus.getProxyObject(BLUEZ, "/", MANAGER_XML)).getInterface(OBJECT_MANAGER);
    this.matchRules += 1;
    this.#manager.on("InterfacesAdded", (path, interfaces) => {
      const mac = this.#macOf(path);
      const properties = (interfaces as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[DEVICE];
      const advert = properties && advertOf(properties);
      // An object without a signal strength is remembered, not heard.
      if (mac !== null && advert?.rssi !== undefined) this.#events.heard(mac, advert);
    });
  }

  /** The addresses that BlueZ knows already, with what it remembers of them: their next advertisement is signalled only to a client that follows them. */
  async remembered(): Promise<readonly (readonly [mac: string, Heard])[]> {
    const objects = (await this.#call("objects", this.#manager?.GetManagedObjects() ?? Promise.resolve({}))) as Objects;
    return Object.entries(objects).flatMap(([path, interfaces]) => {
      const mac = this.#macOf(path);
      const advert = advertOf(interfaces[DEVICE] ?? {});
      return mac === null || advert === null ? [] : [[mac, advert] as const];
    });
  }

  async health(): Promise<{ readonly powered: boolean; readonly discovering: boolean }> {
    const { Powered, Discovering } = await this.#call("adapter", this.#adapter.props());
    return { powered: Powered === true, discovering: Discovering === true };
  }

  async power(on: boolean): Promise<void> {
    await this.#call("power", this.#adapter.set("Powered", typed("boolean", on)));
  }

  /** node-ble's own startDiscovery would throw while another client scans, and set a filter without duplicates: steady advertisers would look dead. */
  async startDiscovery(): Promise<void> {
    const filter = { Transport: typed("string", "le"), DuplicateData: typed("boolean", true) };
    await this.#call("filter", this.#adapter.callMethod("SetDiscoveryFilter", filter));
    await this.#call("discovery", this.#adapter.callMethod("StartDiscovery")).catch((error: Error) => {
      if (!/in ?progress/i.test(`${error.message} ${typeOf(error)}`)) throw error;
    });
  }

  async stopDiscovery(): Promise<void> {
    await this.#call("discovery", this.#adapter.callMethod("StopDiscovery"));
  }

  /** Hears an address from now on, once BlueZ has an object for it. Whether it has. */
  async follow(mac: string): Promise<boolean> {
    if (this.#followed.has(mac)) return true;
    const helper = new BusHelper(this.#bus, BLUEZ, this.#pathOf(mac), DEVICE, { usePropsEvents: true });
    const followed: Followed = { helper, onChange: () => undefined };
    this.#followed.set(mac, followed);
    try {
      if (await this.#call("device", helper.prop("Connected"))) await this.disconnect(mac); // left behind by a process that was killed
    } catch (error) {
      this.#followed.delete(mac);
      if (/UnknownObject|UnknownMethod|not found/i.test(`${typeOf(error)} ${String(error)}`)) return false;
      throw error;
    }
    this.matchRules += 1;
    helper.on("PropertiesChanged", (changed) => {
      const advert = advertOf(changed);
      if (advert) this.#events.heard(mac, advert);
      followed.onChange(changed);
    });
    return true;
  }

  unfollow(mac: string): void {
    this.#followed.get(mac)?.helper.removeListeners();
    this.#followed.delete(mac);
  }

  /** Whether BlueZ still holds an object of it: it forgets who was not heard for half a minute. */
  async knows(mac: string): Promise<boolean> {
    const helper = this.#followed.get(mac)?.helper;
    if (!helper) return false;
    return this.#call("device", helper.prop("Connected")).then(
      () => true,
      () => false,
    );
  }

  async connect(mac: string, ms: number): Promise<void> {
    await within(ms, "connect", this.#helper(mac).callMethod("Connect"));
  }

  async disconnect(mac: string): Promise<void> {
    await within(CALL_MS, "disconnect", this.#helper(mac).callMethod("Disconnect"));
  }

  /** Until BlueZ knows what the device offers; at once an error when it goes away. */
  async resolved(mac: string, ms: number): Promise<void> {
    const followed = this.#followed.get(mac);
    if (!followed) throw new Error("not heard");
    const told = new Promise<void>((resolve, reject) => {
      followed.onChange = (changed) => {
        if (inside(changed["ServicesResolved"]) === true) resolve();
        if (inside(changed["Connected"]) === false) reject(new Error("the device went away"));
      };
    });
    told.catch(() => undefined);
    try {
      if ((await this.#call("services", followed.helper.prop("ServicesResolved"))) !== true) await within(ms, "services", told);
    } finally {
      followed.onChange = () => undefined;
    }
  }

  /** Reads by the object tree below the device: node-ble's gatt() would leave a match rule for each characteristic behind. */
  async readAll(mac: string, wanted: readonly (readonly [service: string, characteristic: string])[], ms: number) {
    const found = new Map<string, BusHelper>();
    const services = new Set(wanted.map(([service]) => service));
    for (const [service, path] of await this.#children(this.#pathOf(mac), DEVICE, "org.bluez.GattService1", ms)) {
      if (!services.has(service)) continue;
      const characteristics = await this.#children(path, "org.bluez.GattService1", "org.bluez.GattCharacteristic1", ms);
      for (const [characteristic, at] of characteristics) {
        const name = `${service} ${characteristic}`;
        // A device may have several of one kind: the first by its handle is meant, whatever the order in which BlueZ lists them.
        if (!found.has(name)) found.set(name, new BusHelper(this.#bus, BLUEZ, at, "org.bluez.GattCharacteristic1"));
      }
    }
    const values: (Uint8Array | null)[] = [];
    for (const [service, characteristic] of wanted) {
      const helper = found.get(`${service} ${characteristic}`);
      values.push(helper ? await this.#readOne(helper, ms) : null);
    }
    return values;
  }

  async #readOne(helper: BusHelper, ms: number): Promise<Uint8Array | null> {
    const read = helper.callMethod("ReadValue", { offset: typed("uint16", 0) });
    return within(ms, "read", read).then(
      (value) => Buffer.from(value as Uint8Array),
      (error: unknown) => {
        // Refused by the device or BlueZ: this one value is not to be had. A time-out or a lost link is another matter.
        if (/^org\.bluez\.Error\.(NotPermitted|NotAuthorized|NotSupported|InvalidOffset)$/.test(typeOf(error))) return null;
        throw error;
      },
    );
  }

  /** Short UUID → path of each child object that has one. */
  async #children(path: string, of: string, iface: string, ms: number): Promise<readonly (readonly [string, string])[]> {
    const names = await within(ms, "discover", new BusHelper(this.#bus, BLUEZ, path, of).children());
    const children: (readonly [string, string])[] = [];
    // The handle stands in the name, four hex digits.
    for (const name of names.toSorted()) {
      const at = `${path}/${name}`;
      const uuid = await within(ms, "discover", new BusHelper(this.#bus, BLUEZ, at, iface).prop("UUID")).catch(
        (error: unknown) => {
          // Other kinds of object lie there too.
          if (/interface not found/i.test(String(error))) return null;
          throw error;
        },
      );
      if (typeof uuid === "string") children.push([shortUuid(uuid), at]);
    }
    return children;
  }

  #helper(mac: string): BusHelper {
    const followed = this.#followed.get(mac);
    if (!followed) throw new Error("not heard");
    return followed.helper;
  }

  #pathOf(mac: string): string {
    return `${this.#path}/dev_${mac.replaceAll(":", "_")}`;
  }

  #macOf(path: string): string | null {
    const prefix = `${this.#path}/dev_`;
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : "";
    return /^([0-9A-F]{2}_){5}[0-9A-F]{2}$/.test(name) ? name.replaceAll("_", ":") : null;
  }

  /** Throws Trouble only when the connection or BlueZ itself is gone. */
  async #call<T>(what: string, promise: Promise<T>): Promise<T> {
    return within(CALL_MS, what, promise);
  }

  [Symbol.dispose](): void {
    this.#followed.clear();
    this.#destroy();
  }
}

/** No call of dbus-next has a time-out, and a lost connection answers none. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${ms} ms`)), ms);
  });
  promise.catch(() => undefined); // what comes after the time-out is nobody's
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const inside = (variant: unknown): unknown => (variant as { readonly value?: unknown } | undefined)?.value;
