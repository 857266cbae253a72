#!/usr/bin/env bash
# The cases, run inside the container as root; each prints one line: case, passed or FAILED, what was seen, parted by tabs.
set -u
cippo=/opt/cippo/current
node=$cippo/bin/node
journalctl -f -o short-monotonic >/out/journal 2>&1 &

# is CASE WANTED SEEN: passed when both are the same text. holds CASE SEEN COMMAND…: passed when the command succeeds.
is() { [ "$2" = "$3" ] && row "$1" passed "$3" || row "$1" FAILED "$3 instead of $2"; }
holds() { local case=$1 seen=$2 && shift 2 && if "$@" >/dev/null 2>&1; then row "$case" passed "$seen"; else row "$case" FAILED "$seen"; fi; }
fails() { ! "$@"; }
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$(printf %s "$3" | tr '\n\t' '  ' | cut -c1-110)"; }
shows() { systemctl show cippo -p "$1" --value; }
pid() { shows MainPID; }
now() { date +%s%3N; }
ask() { "$node" $cippo/dist/cippo.js --json "$@"; }
field() { "$node" -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(eval("("+process.argv[1]+")")(JSON.parse(t))))' "$1"; }
# until SECONDS COMMAND…
until_() { local end=$(($(now) + $1 * 1000)) && shift && while ! "$@" >/dev/null 2>&1; do [ "$(now)" -lt $end ] || return 1; sleep 0.1; done; }
# What was written a moment ago may be on its way to the journal: `until_ 5 logged …`.
logged() { journalctl -u cippo -o cat "${@:2}" | grep -q "$1"; }
logged_secret() { journalctl -o cat | grep -qF "$1"; }
active() { [ "$(shows ActiveState)" = active ] && [ "$(shows SubState)" = running ]; }
restarted() { [ "$(shows NRestarts)" -gt "$1" ] && active; }
# inside USER COMMAND…: in the mounts that the service sees.
inside() { local user=$1 && shift && nsenter -t "$(pid)" -m setpriv --reuid "$user" --regid "$user" --groups gpio,dialout "$@"; }

"$node" /cases/broker.mjs &

# ---------------------------------------------------------------- the unit as it is
is "systemd-analyze verify prints nothing" "" "$(systemd-analyze verify /etc/systemd/system/cippo.service 2>&1)"
score=$(systemd-analyze security --no-pager cippo.service 2>/dev/null | sed -n 's/.*Overall exposure level.*: \([0-9.]*\).*/\1/p')
holds "exposure at most 1.5" "$score" "$node" -e 'process.exit(Number(process.argv[1] || 9) <= 1.5 ? 0 : 1)' "$score"
is "udev takes the rules" "" "$(udevadm test --action=add /sys/class/tty/tty0 2>&1 | grep -E '70-cippo.rules:[0-9]+')"

# Times only: a stall is noticed in 6 s instead of 30, and the next start comes at once.
mkdir -p /run/systemd/system/cippo.service.d
printf '[Service]\nWatchdogSec=6s\nRestartSec=200ms\n' >/run/systemd/system/cippo.service.d/times.conf
# This kernel has no GPIO: a folder stands in for the kernel's, below the same /sys.
mount -t tmpfs tmpfs /sys/class && mkdir -p /sys/class/gpio /sys/class/other
for file in gpio/export other/file; do : >/sys/class/$file && chgrp gpio /sys/class/$file && chmod 0660 /sys/class/$file; done
systemctl daemon-reload
# What timedatectl answers inside of the service's sandbox.
printf '#!/bin/sh\n/usr/bin/timedatectl "$@" 2>&1 | tee /var/lib/cippo/asked\n' >/usr/local/bin/timedatectl && chmod 0755 /usr/local/bin/timedatectl

# ---------------------------------------------------------------- start
began=$(now)
systemctl start cippo
holds "ready: start waits for READY=1" "$(($(now) - began)) ms" active
holds "ready: the log says so too" "gateway.ready" until_ 5 logged gateway.ready
told() { shows StatusText | grep -q "^$1"; }
until_ 10 told "3 devices"
is "status: one line for systemctl" "3 devices" "$(shows StatusText | cut -c1-9)"
is "runs as" "cippo" "$(stat -c %U "/proc/$(pid)")"
is "no capability, no new privilege, system calls filtered" "0000000000000000 1 2" \
  "$(sed -n 's/^\(CapBnd\|NoNewPrivs\|Seccomp\):\s*//p' "/proc/$(pid)/status" | tr '\n' ' ' | sed 's/ $//')"
environment() { tr '\0' '\n' <"/proc/$(pid)/environ" | sed -n "s/^$1=//p"; }
is "UV_THREADPOOL_SIZE" "12" "$(environment UV_THREADPOOL_SIZE)"
is "the boot's identity" "$(tr -d - </proc/sys/kernel/random/boot_id)" "$(ask status | field 's => s.epoch.boot')"
kernel=$(/usr/bin/timedatectl show -p NTPSynchronized --value)
is "the clock: the kernel is asked from inside the sandbox" "$kernel" "$(cat /var/lib/cippo/asked)"
is "the clock: its answer is believed" "$([ "$kernel" = yes ] && echo synced || echo unsynced)" "$(ask status | field 's => s.clock')"
is "listens on no network" "0" "$(awk -v uid="$(id -u cippo)" '$4 == "0A" && $8 == uid' /proc/net/tcp /proc/net/tcp6 | wc -l)"
holds "the administrator's socket: its group may" "$(stat -c '%A %U:%G' /run/cippo/cippo.sock)" \
  setpriv --reuid nobody --regid cippo --clear-groups "$node" $cippo/dist/cippo.js events
holds "the administrator's socket: others may not" "$(stat -c '%A %U:%G' /run/cippo)" \
  fails setpriv --reuid nobody --regid nogroup --clear-groups "$node" $cippo/dist/cippo.js events
holds "files: even root could write in its mounts only here" "$(nsenter -t "$(pid)" -m sh -c 'echo >/etc/x' 2>&1 | sed 's/.*: //')" \
  fails nsenter -t "$(pid)" -m sh -c 'echo >/etc/x || echo >/opt/x || echo >/usr/x'

# ---------------------------------------------------------------- credentials
until_ 15 test -s /tmp/callers
is "credentials: the broker saw the certificate" "nspawn-1 by test authority" "$(head -n 1 /tmp/callers 2>/dev/null)"
is "credentials: in the directory" "city-ca.crt gateway.crt gateway.key" "$(inside cippo ls "$(environment CREDENTIALS_DIRECTORY)" | tr '\n' ' ' | sed 's/ $//')"
holds "credentials: the store of them is closed" "$(stat -c '%A %U' /etc/credstore)" fails inside cippo ls /etc/credstore
holds "credentials: not in the journal" "$(wc -l <"/etc/credstore/cippo.gateway.key") lines of key" \
  fails logged_secret "$(sed -n 3p /etc/credstore/cippo.gateway.key)"

# ---------------------------------------------------------------- groups, sysfs
: >/dev/shm/port && chgrp dialout /dev/shm/port && chmod 0660 /dev/shm/port
holds "groups: a file of dialout is writable" "user namespace of the service" inside cippo sh -c 'echo >/dev/shm/port'
holds "/sys/class/gpio without the drop-in: read-only" "$(inside cippo sh -c 'echo 4 >/sys/class/gpio/export' 2>&1 | sed 's/.*: //')" \
  fails inside cippo sh -c 'echo 4 >/sys/class/gpio/export'

# ---------------------------------------------------------------- a process that stands still
before=$(ask status | field 's => s.epoch.n')
events=$(ask events | field 'e => e.length')
began=$(now)
restarts=$(shows NRestarts)
kill -STOP "$(pid)"
until_ 30 restarted "$restarts"
took=$(($(now) - began))
holds "watchdog: a frozen process is killed and started" "$took ms" restarted "$restarts"
holds "watchdog: systemd says why" "Watchdog timeout" until_ 5 logged "Watchdog timeout"
until_ 10 ask events
is "the store survives: the next epoch" "$((before + 1))" "$(ask status | field 's => s.epoch.n')"
more() { [ "$(ask events | field 'e => e.length')" -gt "$events" ]; }
holds "the store survives: events from before" "$events" until_ 10 more
restarts=$(shows NRestarts)
sleep 14
is "watchdog: a healthy process is left alone" "$restarts" "$(shows NRestarts)"

# ---------------------------------------------------------------- the journal
journalctl -u cippo _TRANSPORT=stdout -o json --output-fields=MESSAGE,PRIORITY >/tmp/lines
is "journal: every line is JSON, its priority is its level" "0" "$("$node" -e '
  const want = { debug: 7, info: 6, warn: 4, error: 3 };
  const lines = require("fs").readFileSync("/tmp/lines", "utf8").trim().split("\n").map(JSON.parse);
  const odd = lines.filter(({ MESSAGE, PRIORITY }) => { try { return want[JSON.parse(MESSAGE).level] !== +PRIORITY; } catch { return true; } });
  console.log(lines.length < 10 ? "too few lines" : odd.length === 0 ? 0 : JSON.stringify(odd[0]));')"
holds "journal: journalctl -p warning finds what is wrong" "$(journalctl -u cippo -p warning -o cat _TRANSPORT=stdout | head -n 1)" \
  logged loop.failed -p warning _TRANSPORT=stdout

# ---------------------------------------------------------------- the drop-in, and a stop
mkdir -p /etc/systemd/system/cippo.service.d
cp $cippo/systemd/drop-ins/gpio-sysfs.conf /etc/systemd/system/cippo.service.d/
systemctl daemon-reload
began=$(now)
systemctl stop cippo
took=$(($(now) - began))
holds "stop: softly, within 10 s" "$took ms" test $took -lt 10000
is "stop: systemd calls it a success" "success" "$(shows Result)"
holds "stop: the last word is gateway.stopped" "gateway.stopped" until_ 5 logged gateway.stopped -n 5
systemctl start cippo
holds "/sys/class/gpio with the drop-in: writable" "$(inside cippo sh -c 'echo 4 >/sys/class/gpio/export && cat /sys/class/gpio/export')" \
  inside cippo sh -c 'echo 4 >/sys/class/gpio/export'
holds "/sys with the drop-in: the rest is read-only" "$(inside cippo sh -c 'echo 4 >/sys/class/other/file' 2>&1 | sed 's/.*: //')" \
  fails inside cippo sh -c 'echo 4 >/sys/class/other/file'
# systemd wakes what it stops (SIGCONT): it is put to sleep again without a pause, since a stop takes some 50 ms. The watchdog must not be the one that ends it.
printf '[Service]\nWatchdogSec=60s\n' >/run/systemd/system/cippo.service.d/times.conf && systemctl daemon-reload && systemctl restart cippo
frozen=$(pid)
(while kill -STOP "$frozen"; do :; done) 2>/dev/null &
began=$(now)
systemctl stop cippo
took=$(($(now) - began))
holds "stop: what does not answer is killed, within 15 s" "$took ms" test $took -gt 9000 -a $took -lt 15000
holds "stop: systemd says how" "SIGKILL" until_ 5 logged "Killing process $frozen .* with signal SIGKILL"

. /cases/updates.sh

# ---------------------------------------------------------------- the command, for whoever stands before the cabinet
useradd --create-home --groups cippo technician
types() { runuser -l technician -c "$*" 2>&1; }
command_is() { types 'readlink -f "$(command -v cippo)"'; }
installs() { $cippo/systemd/install.sh --no-enable "$@" 2>&1; }
systemctl start cippo
said=$(types cippo status)
holds "command: a technician types cippo status" "$(head -n 1 <<<"$said")" grep -q boiler <<<"$said"
mkdir -p /opt/cippo/releases/next && cp -r $cippo/. /opt/cippo/releases/next && ln -sfn releases/next $cippo
is "command: an upgrade keeps it, of the new release" "nothing to change, /opt/cippo/releases/next/bin/cippo" \
  "$(installs --gpio-sysfs | sed -n 's/^cippo: \(nothing to change\)/\1/p'), $(command_is)"
is "command: it finds what it needs by its link" "$(ask version | field 'v => v.cippo')" "$(types cippo --json version | field 'v => v.cippo')"
installs --uninstall >/tmp/uninstalled
holds "uninstall: the gateway is stopped, the command is gone" "$(types cippo status | head -n 1)" fails types cippo status
is "uninstall: nothing of it is left" "inactive" "$(shows ActiveState)$(find /etc/systemd /etc/udev /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/local -name '*cippo*')"
holds "uninstall: site, keys, data and account stay" "$(tail -n 1 /tmp/uninstalled)" \
  test -s /etc/cippo/gateway.yaml -a -s /etc/credstore/cippo.gateway.key -a -s /var/lib/cippo/cippo.sqlite -a "$(id -u cippo)" -gt 0
printf '#!/bin/sh\necho of another program\n' >/usr/local/bin/cippo && chmod 755 /usr/local/bin/cippo
holds "install: says that the command's name is taken" "$(installs | grep -o 'install.command-taken.*')" grep -q command-taken <(installs)
is "install, uninstall: a foreign command stays" "of another program, of another program" "$(types cippo), $(installs --uninstall >/dev/null && types cippo)"
