/** The parts of node-ble 1.13 below its public API: they alone leak no match rules. */

declare module "node-ble/src/BusHelper.js" {
  interface Variant {
    readonly signature: string;
    readonly value: unknown;
  }
  type Properties = Readonly<Record<string, Variant>>;

  /** One object and interface of a D-Bus service. With `usePropsEvents` one match rule, which is never removed (dbus-next 0.10.2, bus.js 488). */
  export default class BusHelper {
    constructor(
      dbus: object,
      service: string,
      object: string,
      iface: string,
      options?: { readonly useProps?: boolean; readonly usePropsEvents?: boolean },
    );
    prop(name: string): Promise<unknown>;
    props(): Promise<Readonly<Record<string, unknown>>>;
    set(name: string, value: Variant): Promise<void>;
    children(): Promise<string[]>;
    callMethod(name: string, ...args: unknown[]): Promise<unknown>;
    on(event: "PropertiesChanged", listener: (changed: Properties) => void): this;
    removeListeners(): void;
  }
}

declare module "node-ble/src/buildTypedValue.js" {
  export default function buildTypedValue(
    type: "string" | "boolean" | "uint16",
    value: string | boolean | number,
  ): { readonly signature: string; readonly value: unknown };
}
