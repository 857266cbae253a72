#!/bin/sh
# Installs the release folder in whose systemd/ it lies: account, folders, udev rules, the unit and the command.
# However often it runs, the outcome is the same.
set -eu

usage() {
  cat <<'TEXT'
systemd/install.sh [--root DIR] [--gpio-sysfs] [--bluetooth] [--addresses] [--uart NAME]... [--no-enable]
systemd/install.sh [--root DIR] --uninstall
  --gpio-sysfs   pins are driven by sysfs (`gpio: onoff`)
  --bluetooth    the site has a Bluetooth radio
  --addresses    broker and devices have private addresses, all else is closed
  --uart NAME    a UART of the board (ttyAMA0, ttyS0) is the gateway's: no login on it
  --root DIR     prepare this folder, the root of another system, instead of this machine
  --no-enable    do not start the gateway at boot
  --uninstall    take back what this script made; site, keys, data, account and releases stay
An option that is left out is taken back.
TEXT
}

say() { printf 'cippo: %s\n' "$*"; }
fail() { printf 'cippo: %s\n' "$*" >&2 && exit 1; }
# What is not understood changes nothing.
refuse() { printf 'cippo: %s. --help shows the options.\n' "$*" >&2 && exit 2; }
shown() { printf '%s' "$1" | tr -c '[:print:]' ' '; }

unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
root=
wanted=
uarts=
enable=yes
remove=no
given=
once() {
  case "$given " in *" $1 "*) refuse "$1 is given twice" ;; esac
  given="$given $1"
}
# A part of the names of unit and device: nothing but letters and digits, and no virtual console.
is_uart() {
  case $1 in
    *[!A-Za-z0-9]*) return 1 ;;
    tty[A-Za-z]*[0-9]) ;;
    *) return 1 ;;
  esac
}
while [ $# -gt 0 ]; do
  case $1 in
    --gpio-sysfs | --bluetooth | --addresses) once "$1" && wanted="$wanted ${1#--}.conf" ;;
    --uart)
      is_uart "${2-}" || refuse "--uart needs the name of a UART, such as ttyAMA0 or ttyS0${2:+, not $(shown "$2")}"
      once "--uart $2" && uarts="$uarts $2" && shift
      ;;
    --root)
      once --root
      root=$([ -n "${2-}" ] && cd -- "$2" 2>/dev/null && pwd) || refuse "--root needs a folder${2:+, not $(shown "$2")}"
      [ "$root" != / ] || refuse "--root / is this machine: leave it out"
      shift
      ;;
    --no-enable) once "$1" && enable=no ;;
    --uninstall) once "$1" && remove=yes ;;
    --help | -h) usage && exit 0 ;;
    '') refuse "unknown option ''" ;;
    *) refuse "unknown option $(shown "$1")" ;;
  esac
  shift
done
[ $remove = no ] || [ -z "$wanted$uarts" ] || refuse "--uninstall takes all of it back: no option that adds to it"

# here: this machine runs systemd and is the one to be changed.
here_now() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

[ "$(id -u)" = 0 ] || fail "must run as root: sudo $0"
version=$(systemctl --version 2>/dev/null | sed -n '1s/[^0-9]*\([0-9]*\).*/\1/p')
[ "${version:-0}" -ge 252 ] || fail "systemd ${version:-is missing}: 252 or newer is needed (Debian 12)."
case " $wanted " in
  *" bluetooth.conf "*)
    grep -qs '^bluetooth:' "$root/etc/group" || fail "there is no group bluetooth: apt install bluez, then again."
    ;;
esac

changed=no
# put SOURCE TARGET: copies what differs; takes the target back when all is.
put() {
  [ $remove = no ] || { take_back "$2" && return; }
  cmp -s "$1" "$root$2" && return 0
  install -D -m 0644 "$1" "$root$2.new"
  mv "$root$2.new" "$root$2"
  changed=yes
  say "$2"
}
take_back() {
  [ -e "$root$1" ] || [ -L "$root$1" ] || return 0
  rm "$root$1"
  changed=yes
  say "$1 removed"
}

if [ $remove = yes ]; then
  wanted=
  uarts=
  if here_now; then systemctl --quiet stop cippo.service 2>/dev/null || true; fi
  systemctl ${root:+--root="$root"} --quiet disable cippo.service cippo-update-recover.service cippo-update-request.path cippo-update.timer 2>/dev/null || true
  rm -f "$root/var/lib/cippo-install/options"
fi

put "$here/cippo.sysusers" /usr/lib/sysusers.d/cippo.conf
put "$here/cippo.tmpfiles" /usr/lib/tmpfiles.d/cippo.conf
put "$here/cippo.udev" /etc/udev/rules.d/70-cippo.rules
put "$here/cippo.service" /etc/systemd/system/cippo.service
updates="cippo-update-recover.service cippo-update-request.path cippo-update.timer"
for name in $updates cippo-update-request.service cippo-update.service; do put "$here/$name" "/etc/systemd/system/$name"; done
# The updater lies outside the releases; a release brings its own along when it is confirmed, and not before.
library=/usr/local/lib/cippo
if [ $remove = yes ]; then
  [ ! -e "$root$library" ] || { rm -r "$root$library" && changed=yes && say "$library removed"; }
elif [ ! -e "$root$library/update" ]; then
  mkdir -p "$root$library"
  cp "$here"/ota/* "$root$library/"
  changed=yes
  say "$library"
fi
for name in gpio-sysfs.conf bluetooth.conf addresses.conf; do
  target=/etc/systemd/system/cippo.service.d/$name
  case " $wanted " in
    *" $name "*) put "$here/drop-ins/$name" "$target" ;;
    *) take_back "$target" ;;
  esac
done

# The command, by a name that stays over upgrades: `current` is what moves. Whatever else bears that name is not ours to touch.
program=/opt/cippo/current/bin/cippo
command=/usr/local/bin/cippo
if [ "$(readlink "$root$command")" = $program ]; then
  [ $remove = no ] || take_back $command
elif [ -e "$root$command" ] || [ -L "$root$command" ]; then
  [ $remove = yes ] || say "ATTENTION: install.command-taken: $command is not this script's and stays as it is." \
    "Move it away, then run this again; until then the command is $program."
elif [ $remove = no ]; then
  mkdir -p "$root/usr/local/bin"
  ln -s $program "$root$command"
  changed=yes
  say "$command"
fi

if [ $remove = no ]; then
  systemd-sysusers ${root:+--root="$root"} cippo.conf
  systemd-tmpfiles ${root:+--root="$root"} --create cippo.conf
fi

# A login on a UART answers the devices on it. One that this script had masked and that is not the gateway's any more is given back.
for link in "$root"/etc/systemd/system/serial-getty@*.service; do
  [ -e "$link" ] || [ -L "$link" ] || continue
  name=${link##*/serial-getty@}
  case " $uarts " in
    *" ${name%.service} "*) ;;
    *) [ ! -e "$root/var/lib/cippo-install/${name%.service}" ] || { rm "$link" "$root/var/lib/cippo-install/${name%.service}" && say "login on ${name%.service} allowed again"; } ;;
  esac
done
for uart in $uarts; do
  mask=$root/etc/systemd/system/serial-getty@$uart.service
  if [ "$(readlink "$mask" 2>/dev/null)" != /dev/null ]; then
    mkdir -p "$root/var/lib/cippo-install"
    : >"$root/var/lib/cippo-install/$uart"
    ln -sfn /dev/null "$mask"
    say "no login on $uart"
  fi
  ! here_now || systemctl stop "serial-getty@$uart.service" 2>/dev/null || true
  for line in "$root/boot/firmware/cmdline.txt" "$root/boot/cmdline.txt"; do
    grep -qsE "console=($uart|serial0)([, ]|$)" "$line" || continue
    say "ATTENTION: the kernel writes to $uart: remove its console= from ${line#"$root"} (raspi-config nonint do_serial_cons 1) and reboot."
  done
done

if [ $remove = yes ]; then
  rmdir "$root/etc/systemd/system/cippo.service.d" "$root/var/lib/cippo-install" 2>/dev/null || true
  if here_now; then udevadm control --reload && systemctl daemon-reload; fi
  say "site, keys, data, account and releases stay: /etc/cippo /etc/credstore /var/lib/cippo /opt/cippo"
  exit
fi

# brltty takes CH340 and CP210x adapters for Braille displays.
[ ! -e "$root/usr/lib/udev/rules.d/85-brltty.rules" ] || say "ATTENTION: brltty takes USB serial adapters: apt remove brltty."

if here_now; then
  udevadm control --reload && udevadm trigger --subsystem-match=tty --subsystem-match=gpio --subsystem-match=usb
  [ $changed = no ] || systemctl daemon-reload
fi
# An update runs this again, with the same options.
mkdir -p "$root/var/lib/cippo-install"
printf '%s\n' "$given" | sed 's/ --root//' >"$root/var/lib/cippo-install/options"
# shellcheck disable=SC2086 # three names
systemctl ${root:+--root="$root"} --quiet enable $updates
# shellcheck disable=SC2086
if here_now; then systemctl start $updates; fi
if [ $enable = yes ]; then
  systemctl ${root:+--root="$root"} --quiet enable cippo.service
else
  systemctl ${root:+--root="$root"} --quiet disable cippo.service
fi

[ -e "$root/opt/cippo/current/dist/cippo.js" ] || say "next: a release at /opt/cippo/current"
[ -e "$root/etc/cippo/gateway.yaml" ] || say "next: the site's /etc/cippo/gateway.yaml, and its keys as /etc/credstore/cippo.gateway.key …"
[ $changed = yes ] || say "nothing to change"
