#!/usr/bin/env bash
# Debian packages go in; the machine of the tests comes out, built once for each version of this file: vmlinux, initrd, root.img and its log, in
# the folder that is named on stdout. Needs root, mmdebstrap, cpio, e2fsprogs, gcc, make; nothing is downloaded but Debian packages.
set -euo pipefail

# Bookworm's kernel is the one whose modules are built below; it has GPIO_SYSFS and GPIO_CDEV, but no simulated chip.
suite=bookworm
packages=systemd-sysv,dbus,udev,kmod,libstdc++6,gpiod,bluez,bluez-test-tools,python3-dbus,python3-gi
modules="virtio_pci virtio_blk virtio_net virtio_rng ext4 crc32c_generic gpio-sim dummy_hcd g_serial usb_f_acm cdc-acm hci_vhci bluetooth uhid
  algif_hash algif_skcipher cmac ecb aes_generic autofs4"

cache=${CIPPO_CACHE:-/var/cache/cippo}/vm
machine=$cache/$(sha256sum "$0" | cut -c1-16)
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || { echo "another run holds $cache/lock" >&2 && exit 1; }
if [ -e "$machine/built" ]; then
  echo "$machine"
  exit
fi
began=$SECONDS
say() { printf '%3d s  %s\n' $((SECONDS - began)) "$*" >&2; }
say "building $machine, once …"
rm -rf "$cache"/*.partial
work=$machine.partial
root=$work/root
mkdir -p "$work/packages" "$work/kernel" "$work/gpio"
exec 3>&1 >"$work/log" # what the tools say
trap 'tail -n 20 "$work/log" >&2' ERR

# ---- the system, and beside it the kernel's packages, unpacked and not installed: no initramfs-tools, no boot loader
mmdebstrap --quiet --variant=essential --include="$packages" --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='cd '"$work/packages"' && export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" &&
    image=$(apt-cache depends linux-image-amd64 | sed -n "s/.*Depends: \(linux-image-.*\)/\1/p" | head -n 1) && version=${image#linux-image-} &&
    apt-get -qq download "$image" "linux-headers-$version" "linux-headers-${version%-amd64}-common" linux-kbuild-6.1 linux-source-6.1 busybox-static' \
  "$suite" "$root" http://deb.debian.org/debian 2>&1
say "system"

# ---- libgpiod 2, which Bookworm does not have: Trixie's tools, started by the C library that they were made for
newer=/usr/local/lib/gpiod-2
mmdebstrap --quiet --variant=extract --include=gpiod trixie "$work/trixie" http://deb.debian.org/debian 2>&1
mkdir -p "$root$newer/lib"
cp -L "$work"/trixie/usr/lib/*/{ld-linux-x86-64.so.2,libc.so.6,libgpiod.so.3} "$root$newer/lib"
for tool in gpiodetect gpioget gpioinfo gpiomon gpioset; do
  cp "$work/trixie/usr/bin/$tool" "$root$newer/lib"
  printf '#!/bin/sh\nexec %s/ld-linux-x86-64.so.2 --library-path %s %s/%s "$@"\n' $newer/lib $newer/lib $newer/lib $tool >"$root$newer/$tool"
  chmod +x "$root$newer/$tool"
done
say "libgpiod 2: $(chroot "$root" $newer/gpiomon --version | head -n 1)"

for package in "$work"/packages/linux-{image,headers,kbuild}*.deb "$work"/packages/busybox*.deb; do dpkg-deb -x "$package" "$work/kernel"; done
version=$(basename "$work"/kernel/boot/vmlinuz-* | cut -d- -f2-)
headers=$work/kernel/usr/src/linux-headers-$version

# ---- gpio-sim, which Debian does not build; irq_sim, which it needs, is no module there either
# The last tar ends when it has its three files, and the pipe with it.
dpkg-deb --fsys-tarfile "$work"/packages/linux-source-*.deb 2>/dev/null | tar -xO --wildcards '*.tar.xz' 2>/dev/null |
  tar -xJ -C "$work/gpio" --strip-components=3 --occurrence=1 linux-source-6.1/drivers/gpio/{gpio-sim.c,gpiolib.h} linux-source-6.1/kernel/irq/irq_sim.c || true
# What a module may not call: generic_handle_irq does the same for this chip.
sed -i 's/handle_simple_irq(irq_to_desc(irqnum));/generic_handle_irq(irqnum);/' "$work/gpio/irq_sim.c"
printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\n' >>"$work/gpio/irq_sim.c"
echo 'obj-m += irq_sim.o gpio-sim.o' >"$work/gpio/Makefile"
sed -i "s#/usr/src/#$work/kernel/usr/src/#" "$headers"/{Makefile,.kernelvariables}
make -s -C "$headers" M="$work/gpio" modules 2>&1
say "gpio-sim"

# ---- modules: those that are used, in the system; those that reach its disk, in the initrd
target=$root/usr/lib/modules/$version
mkdir -p "$work/kernel/lib/modules/$version/extra" "$root/usr/lib/modules"
for name in irq_sim gpio-sim; do strip --strip-debug -o "$work/kernel/lib/modules/$version/extra/$name.ko" "$work/gpio/$name.ko"; done
mv "$work/kernel/lib/modules/$version" "$target"
chroot "$root" depmod "$version"
needed() { for name in $*; do chroot "$root" modprobe -S "$version" --show-depends "$name"; done | sed -n 's/^insmod \(\S*\).*/\1/p' | awk '!seen[$0]++'; }
needed "$modules" >"$work/used"
mkdir -p "$work"/initrd/{bin,modules,proc,sys,dev,root}
for file in $(needed virtio_pci virtio_blk crc32c_generic ext4); do
  cp "$root$file" "$work/initrd/modules"
  basename "$file" >>"$work/initrd/order"
done
(cd "$root" && find "usr/lib/modules/$version" -name '*.ko' | sort | comm -23 - <(sed 's#^/lib#usr/lib#; s#^/##' "$work/used" | sort) | xargs rm)
chroot "$root" depmod "$version"
cp "$work/kernel/bin/busybox" "$work/initrd/bin"
cat >"$work/initrd/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc && $b mount -t sysfs sys /sys && $b mount -t devtmpfs dev /dev
while read module; do $b insmod /modules/$module; done </order
tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 200 ]; do $b sleep 0.05; tries=$((tries + 1)); done
$b mount -t ext4 /dev/vda /root
$b mount --move /dev /root/dev && $b umount /proc && $b umount /sys
exec $b switch_root /root /sbin/init
INIT
chmod +x "$work/initrd/init"
(cd "$work/initrd" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd.gz"
# The kernel inside the image, unpacked here: emulated, that would take seconds at each boot.
packed=$work/kernel/boot/vmlinuz-$version
at=$(LC_ALL=C grep -abo -m 1 -P '\xfd7zXZ\x00' "$packed" | head -n 1 | cut -d: -f1)
xz -dc --single-stream < <(tail -c +$((at + 1)) "$packed") >"$work/vmlinux"
say "kernel $version"

# ---- what makes it this machine: vda the card, with the system and the gateway's data; vdb the release
printf '/dev/vda / ext4 defaults 0 1\n/dev/vdb /opt/cippo ext4 ro 0 0\n' >"$root/etc/fstab"
echo cippo-vm >"$root/etc/hostname"
mkdir -p "$root/opt/cippo"
printf '[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >"$root/etc/systemd/network/10-host.network"
units=$root/etc/systemd/system
# Two doors for the host: a shell that reads what it is to do, and the gateway's own socket.
printf '[Socket]\nListenStream=9000\nAccept=yes\n[Install]\nWantedBy=sockets.target\n' >"$units/shell.socket"
printf '[Service]\nExecStart=-/bin/bash -s\nStandardInput=socket\nStandardError=inherit\nTimeoutStopSec=2s\n' >"$units/shell@.service"
printf '[Socket]\nListenStream=9001\n[Install]\nWantedBy=sockets.target\n' >"$units/admin.socket"
printf '[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd /run/cippo/cippo.sock\n' >"$units/admin.service"
systemctl --quiet --root="$root" enable shell.socket admin.socket systemd-networkd.service 2>&1
# A login on the console would swallow what the tests read; the rest costs time.
for unit in serial-getty@ttyS0.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer \
  e2scrub_all.timer e2scrub_reap.service systemd-networkd-wait-online.service \
  systemd-binfmt.service proc-sys-fs-binfmt_misc.automount; do ln -sfn /dev/null "$units/$unit"; done
systemd-machine-id-setup --quiet --root="$root" 2>&1 || true
truncate -s 1G "$work/root.img"
mke2fs -q -F -t ext4 -d "$root" "$work/root.img"
say "root.img: $(du -m "$work/root.img" | cut -f1) MB"

rm -rf "$work"/{root,packages,kernel,gpio,initrd,used,trixie}
: >"$work/built"
find "$cache" -mindepth 1 -maxdepth 1 -type d ! -name "$(basename "$work")" -exec rm -rf {} +
mv "$work" "$machine"
echo "$machine" >&3
