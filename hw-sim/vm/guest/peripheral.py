"""Simulates a BTHome thermometer with a battery service on an adapter, each packet new, until the adapter is gone."""
# It is named by its argument, and driven through BlueZ's own D-Bus API.
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

PROPERTIES = "org.freedesktop.DBus.Properties"
ADVERT, SERVICE, CHARACTERISTIC = "org.bluez.LEAdvertisement1", "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
BATTERY_SERVICE, BATTERY_LEVEL, BTHOME = (f"0000{short}-0000-1000-8000-00805f9b34fb" for short in ("180f", "2a19", "fcd2"))
PERCENT = 87

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
adapter = bus.get_object("org.bluez", f"/org/bluez/{sys.argv[1]}")


class Thing(dbus.service.Object):
    """An object of ours whose properties BlueZ reads."""

    def __init__(self, path, interface, properties):
        self.interface, self.properties = interface, properties
        super().__init__(bus, path)

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, _interface):
        return dbus.Dictionary(self.properties, signature="sv")

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass

    @dbus.service.method(ADVERT)
    def Release(self):
        loop.quit()

    @dbus.service.method(CHARACTERISTIC, in_signature="a{sv}", out_signature="ay")
    def ReadValue(self, _options):
        return dbus.ByteArray(bytes([PERCENT]))


class Application(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.ObjectManager", out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        return {dbus.ObjectPath(thing.__dbus_object_path__): {thing.interface: thing.properties} for thing in (service, level)}


def packet(count):
    """BTHome v2: packet id, battery, temperature of 20.00 °C and a hundredth more each time."""
    hundredths = 2000 + count % 1000
    return bytes([0x40, 0x00, count % 256, 0x01, PERCENT, 0x02, hundredths & 0xFF, hundredths >> 8])


def advertise(count):
    advert.properties["ServiceData"] = data(count)
    advert.PropertiesChanged(ADVERT, {"ServiceData": data(count)}, [])
    # Fails when the adapter is gone: whoever started this starts it again.
    adapter.Get("org.bluez.Adapter1", "Address", dbus_interface=PROPERTIES)
    GLib.timeout_add(1000, guarded, advertise, count + 1)
    return False


def data(count):
    return dbus.Dictionary({BTHOME: dbus.ByteArray(packet(count), variant_level=1)}, signature="sv")


def failed(error):
    print(error, flush=True)
    loop.quit()


def guarded(step, *args):
    try:
        return step(*args)
    except dbus.DBusException as error:
        failed(error)
        return False


loop = GLib.MainLoop()
service = Thing("/cippo/service", SERVICE, {"UUID": BATTERY_SERVICE, "Primary": True})
level = Thing(
    "/cippo/service/level",
    CHARACTERISTIC,
    {"UUID": BATTERY_LEVEL, "Service": dbus.ObjectPath("/cippo/service"), "Flags": dbus.Array(["read"], signature="s")},
)
advert = Thing("/cippo/advert", ADVERT, {"Type": "peripheral", "LocalName": "Thermo", "ServiceData": data(0)})
application = Application(bus, "/cippo")
nothing = dbus.Dictionary({}, signature="sv")
adapter.Set("org.bluez.Adapter1", "Powered", True, dbus_interface=PROPERTIES)
said = {"reply_handler": lambda: print("registered", flush=True), "error_handler": failed}
adapter.RegisterApplication(dbus.ObjectPath("/cippo"), nothing, dbus_interface="org.bluez.GattManager1", **said)
adapter.RegisterAdvertisement(
    dbus.ObjectPath("/cippo/advert"), nothing, dbus_interface="org.bluez.LEAdvertisingManager1", **said
)
GLib.timeout_add(1000, guarded, advertise, 1)
loop.run()
sys.exit(1)
