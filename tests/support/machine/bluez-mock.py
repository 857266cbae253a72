"""Plays BlueZ on a private D-Bus with python3-dbusmock; each line of JSON on standard input is answered by one line."""
import json
import os
import sys

import dbus

# dbusmock 0.28.7 leaves this signal out of its introspection, and dbus-next then listens to nothing.
SIGNAL = (
    '<signal name="PropertiesChanged"><arg type="s" name="interface_name"/>'
    '<arg type="a{sv}" name="changed_properties"/><arg type="as" name="invalidated_properties"/></signal>'
)
PROPERTIES = '<interface name="org.freedesktop.DBus.Properties">'


def serve():
    import runpy

    import dbus.service
    from dbusmock import mockobject

    cls = mockobject.DBusMockObject
    original = cls.Introspect

    def introspect(self, object_path, connection):
        xml = original(self, object_path, connection)
        return xml if "PropertiesChanged" in xml else xml.replace(PROPERTIES, PROPERTIES + SIGNAL, 1)

    for name in dir(original):
        if name.startswith("_dbus"):
            setattr(introspect, name, getattr(original, name))
    cls.Introspect = introspect
    table = cls._dbus_class_table[cls.__module__ + "." + cls.__name__]
    table["org.freedesktop.DBus.Introspectable"]["Introspect"] = introspect
    sys.argv = ["dbusmock", "--system", "--template", "bluez5"]
    runpy.run_module("dbusmock", run_name="__main__")


BLUEZ, MOCK = "org.bluez", "org.freedesktop.DBus.Mock"
DEVICE, SERVICE, CHARACTERISTIC = (f"org.bluez.{kind}1" for kind in ("Device", "GattService", "GattCharacteristic"))
uuid = lambda short: f"0000{short}-0000-1000-8000-00805f9b34fb"  # noqa: E731


class Control:
    def __init__(self):
        self.bus = dbus.SystemBus()

    def at(self, path, interface):
        return dbus.Interface(self.bus.get_object(BLUEZ, path), interface)

    def path(self, mac):
        return "/org/bluez/hci0/dev_" + mac.replace(":", "_")

    def adapter(self):
        self.at("/", "org.bluez.Mock").AddAdapter("hci0", "box")

    def remove_adapter(self):
        self.at("/", "org.bluez.Mock").RemoveAdapterWithDevices("hci0")

    def power(self, on):
        self.at("/org/bluez/hci0", "org.freedesktop.DBus.Properties").Set("org.bluez.Adapter1", "Powered", dbus.Boolean(on))

    def adapter_state(self):
        state = self.at("/org/bluez/hci0", "org.freedesktop.DBus.Properties").GetAll("org.bluez.Adapter1")
        return {"powered": bool(state["Powered"]), "discovering": bool(state["Discovering"]), "filter": sorted(state.get("DiscoveryFilter", {}))}

    def foreign_scan(self):
        """From now on another client scans: BlueZ answers that it is at it."""
        code = 'raise dbus.exceptions.DBusException("Operation already in progress", name="org.bluez.Error.InProgress")'
        self.at("/org/bluez/hci0", MOCK).AddMethod("org.bluez.Adapter1", "StartDiscovery", "", "", code)
        self.at("/org/bluez/hci0", MOCK).UpdateProperties("org.bluez.Adapter1", {"Discovering": dbus.Boolean(True)})

    def stop_discovery(self):
        self.at("/org/bluez/hci0", "org.bluez.Adapter1").StopDiscovery()

    def device(self, mac):
        self.at("/", "org.bluez.Mock").AddDevice("hci0", mac, "sensor")
        device = self.at(self.path(mac), MOCK)
        for method, value in (("Connect", "True"), ("Disconnect", "False")):
            device.AddMethod(DEVICE, method, "", "", f'self.UpdateProperties("{DEVICE}", {{"Connected": dbus.Boolean({value})}})')

    def strangers(self, count, first, stay=False):
        mock = self.at("/", "org.bluez.Mock")
        for n in range(first, first + count):
            mac = ":".join(f"{(0xD00000000000 + n) >> shift & 255:02X}" for shift in range(40, -1, -8))
            mock.AddDevice("hci0", mac, "stranger")
            if not stay:
                self.at("/org/bluez/hci0", "org.bluez.Adapter1").RemoveDevice(self.path(mac))

    def beacon(self, mac, service):
        """Met for the first time: what it sends comes with its object."""
        self.at("/", "org.bluez.Mock").AddDevice("hci0", mac, "beacon")
        data = {uuid(k): dbus.ByteArray(bytes.fromhex(v), variant_level=1) for k, v in service.items()}
        told = {"RSSI": dbus.Int16(-40, variant_level=1), "ServiceData": dbus.Dictionary(data, signature="sv", variant_level=1)}
        added = [dbus.ObjectPath(self.path(mac)), dbus.Dictionary({DEVICE: dbus.Dictionary(told, signature="sv")}, signature="sa{sv}")]
        self.at("/", MOCK).EmitSignal("org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", dbus.Array(added, signature="v"))

    def hang(self, mac, method):
        self.at(self.path(mac), MOCK).AddMethod(DEVICE, method, "", "", "import time; time.sleep(4)")

    def advert(self, mac, rssi=None, service=None, manufacturer=None):
        properties = self.at(self.path(mac), "org.freedesktop.DBus.Properties")
        data = lambda text: dbus.ByteArray(bytes.fromhex(text), variant_level=1)  # noqa: E731
        if rssi is not None:
            properties.Set(DEVICE, "RSSI", dbus.Int16(rssi))
        if service is not None:
            properties.Set(DEVICE, "ServiceData", dbus.Dictionary({uuid(k): data(v) for k, v in service.items()}, signature="sv"))
        if manufacturer is not None:
            known = {dbus.UInt16(int(k, 16)): data(v) for k, v in manufacturer.items()}
            properties.Set(DEVICE, "ManufacturerData", dbus.Dictionary(known, signature="qv"))

    def rename(self, mac, name):
        self.at(self.path(mac), "org.freedesktop.DBus.Properties").Set(DEVICE, "Name", name)

    def connected(self, mac):
        return bool(self.at(self.path(mac), "org.freedesktop.DBus.Properties").Get(DEVICE, "Connected"))

    def set_connected(self, mac, on):
        self.at(self.path(mac), "org.freedesktop.DBus.Properties").Set(DEVICE, "Connected", dbus.Boolean(on))

    def gatt(self, mac, values, resolved=True):
        """values: {service: {characteristic: hex}}; "slow" in place of hex never answers in time."""
        mock, path = self.at("/", MOCK), self.path(mac)
        for s, (service, characteristics) in enumerate(values.items()):
            at = f"{path}/service{s:04x}"
            mock.AddObject(at, SERVICE, {"UUID": uuid(service), "Primary": True, "Device": dbus.ObjectPath(path)}, dbus.Array([], signature="(ssss)"))
            for c, (characteristic, value) in enumerate(characteristics.items()):
                code = "import time; time.sleep(3)" if value == "slow" else f'ret = dbus.ByteArray(bytes.fromhex("{value}"))'
                if value == "refused":
                    code = 'raise dbus.exceptions.DBusException("no", name="org.bluez.Error.NotPermitted")'
                properties = {"UUID": uuid(characteristic), "Service": dbus.ObjectPath(at), "Flags": dbus.Array(["read"], signature="s")}
                mock.AddObject(f"{at}/char{c:04x}", CHARACTERISTIC, properties, [("ReadValue", "a{sv}", "ay", code)])
        self.at(path, "org.freedesktop.DBus.Properties").Set(DEVICE, "ServicesResolved", dbus.Boolean(resolved))

    def match_rules(self):
        stats = dbus.Interface(self.bus.get_object("org.freedesktop.DBus", "/org/freedesktop/DBus"), "org.freedesktop.DBus.Debug.Stats")
        return int(stats.GetStats().get("MatchRules", -1))


def control():
    c = Control()
    print(json.dumps({"n": 0, "ok": True}), flush=True)
    for n, line in enumerate(sys.stdin, 1):
        asked = json.loads(line)
        try:
            answer = {"n": n, "ok": True, "value": getattr(c, asked.pop("do"))(**asked)}
        except Exception as error:  # noqa: BLE001
            answer = {"n": n, "ok": False, "error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    if "serve" in sys.argv:
        serve()
    else:
        for _ in range(200):
            try:
                if dbus.SystemBus().name_has_owner(BLUEZ):
                    break
            except dbus.exceptions.DBusException:
                pass
            import time

            time.sleep(0.05)
        control()
    os._exit(0)
