/** Which Debian packages the tests want, how each is recognised, and which tests are skipped without them. */
import { spawnSync } from "node:child_process";
import { systemProgram } from "../../../hw-sim/system-program.ts";

const program = (name: string) => () => systemProgram(name) !== undefined;
const python = (module: string) => () => spawnSync("/usr/bin/python3", ["-c", `import ${module}`]).status === 0;
const library = (name: string) => () => spawnSync("pkg-config", ["--exists", name]).status === 0;

const PACKAGES = {
  socat: program("socat"),
  mosquitto: program("mosquitto"),
  mbpoll: program("mbpoll"),
  gpiod: program("gpioset"),
  tmux: program("tmux"),
  openssl: program("openssl"),
  "openssh-client": program("ssh-keygen"),
  curl: program("curl"),
  shellcheck: program("shellcheck"),
  dbus: program("dbus-daemon"),
  systemd: program("systemd-analyze"),
  "util-linux": program("prlimit"),
  "rtsp-server-perl": program("rtsp-server-perl"),
  gcc: program("gcc"),
  "pkg-config": program("pkg-config"),
  "libmodbus-dev": library("libmodbus"),
  "python3-dbusmock": python("dbusmock"),
  "python3-pymodbus": python("pymodbus.server"),
} as const satisfies Record<string, () => boolean>;
export type Package = keyof typeof PACKAGES;

export interface Need {
  readonly packages: readonly Package[];
  /** What else may keep them from running, and no package brings. */
  readonly other?: string;
}

/** Every file in which a test may be skipped. */
export const NEEDS: Readonly<Record<string, Need>> = {
  "tests/broker-sample.test.ts": { packages: ["mosquitto", "openssl"] },
  "tests/journeys/wires/sensor-broker-killed-ten-times.test.ts": { packages: ["mosquitto"] },
  "tests/unit/drivers/transports/mqtt/credentials-by-name.test.ts": { packages: ["mosquitto", "openssl"] },
  "tests/judges/modbus-mbpoll.test.ts": { packages: ["mbpoll", "socat"] },
  "tests/judges/modbus-slaves.test.ts": { packages: ["socat", "gcc", "pkg-config", "libmodbus-dev", "python3-pymodbus"] },
  "tests/judges/rtsp-server.test.ts": { packages: ["rtsp-server-perl"] },
  "tests/journeys/box/a-process-at-its-limits.test.ts": { packages: ["util-linux"] },
  "tests/journeys/platform/the-platform-sends-a-list.test.ts": { packages: ["openssl"] },
  "tests/journeys/wires/serial-unplugged-and-replugged.test.ts": { packages: ["socat"] },
  "tests/journeys/box/the-time-server-comes-and-goes.test.ts": { packages: [], other: "not where systemd-timesyncd runs" },
  "tests/unit/cli/admin-socket.test.ts": { packages: [], other: "not for root" },
  "tests/unit/cli/screens.test.ts": { packages: ["tmux"] },
  "tests/unit/cli/update.test.ts": { packages: ["openssh-client", "curl"] },
  "tests/unit/config/addresses.test.ts": { packages: [], other: "needs IPv6 on the loopback" },
  "tests/unit/drivers/ble-child/hears.test.ts": { packages: ["dbus", "python3-dbusmock"] },
  "tests/unit/drivers/ble-child/reads.test.ts": { packages: ["dbus", "python3-dbusmock"] },
  "tests/unit/drivers/ble-child/outages.test.ts": { packages: ["dbus", "python3-dbusmock"] },
  "tests/unit/drivers/transports/gpio/gpio-output.test.ts": { packages: ["gpiod"], other: "not where there is a real GPIO chip" },
  "tests/unit/drivers/transports/net/own-link.test.ts": { packages: ["util-linux"], other: "only for root" },
  "tests/unit/drivers/transports/serial/serial-faults.test.ts": { packages: ["socat"] },
  "tests/unit/drivers/transports/serial/serial.test.ts": { packages: ["socat"] },
  "tests/unit/edge/lists/fetched-lists.test.ts": { packages: ["openssl"] },
  "tests/unit/edge/lists/no-room.test.ts": { packages: ["openssl"], other: "only where one may mount" },
  "tests/unit/hw-sim/demonstration.test.ts": { packages: ["tmux", "mosquitto"] },
  "tests/unit/hw-sim/site.test.ts": { packages: ["socat"] },
  "tests/unit/install.test.ts": { packages: ["systemd"], other: "only for root" },
  "tests/unit/kit/system/host-lookup.test.ts": { packages: ["util-linux"], other: "only for root" },
  "tests/unit/kit/system/systemd.test.ts": { packages: ["systemd"] },
  "tests/unit/systemd/ota-messages.test.ts": { packages: ["openssh-client", "curl", "shellcheck"] },
  "tests/unit/systemd/ota.test.ts": { packages: ["openssh-client", "curl", "shellcheck"] },
  "tests/unit/systemd/ota-fetch.test.ts": { packages: ["openssh-client", "curl", "openssl"] },
  "tests/unit/sync/publish/result-publisher.test.ts": { packages: ["mosquitto"] },
  "tests/unit/sync/broker-login.test.ts": { packages: ["mosquitto", "openssl"] },
  "tests/unit/sync/publish/deadly.test.ts": { packages: ["mosquitto"] },
  "tests/unit/mqtt/tls.test.ts": { packages: ["openssl"] },
  "tests/unit/tools/publish.test.ts": { packages: ["openssh-client", "curl"] },
};

/** Those of them that this machine does not have. */
export const missingOf = (packages: Iterable<Package>): readonly Package[] =>
  [...new Set(packages)].filter((name) => !PACKAGES[name]());
