#!/usr/bin/env bash
# Runs the release for this machine under a real systemd in a container (systemd-nspawn), and prints a result a case.
# Exit 0: every case passed, or containers cannot work on this machine (said in one line). Needs root, systemd-container, mmdebstrap, openssl.
set -euo pipefail
cd "$(dirname "$0")/../../.."

skip() { printf 'SKIPPED: %s\n' "$*" && exit 0; }
[ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || skip "systemd-nspawn needs root on Linux"
for tool in systemd-nspawn mmdebstrap openssl; do
  command -v $tool >/dev/null || skip "$tool is not installed (apt install systemd-container mmdebstrap openssl)"
done

# ---- the system: Debian as on this machine, whose compiler made the native modules; built once, outside the repository
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
packages=systemd-sysv,dbus,udev,libstdc++6,openssh-client,curl,mosquitto,mosquitto-clients
cache=${CIPPO_CACHE:-/var/cache/cippo}/nspawn
root=$cache/$suite
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 300 9 || { echo "another run holds $cache/lock" && exit 1; }
if [ "$(cat "$root.built" 2>/dev/null)" != "$packages" ]; then
  echo "building $root (Debian $suite), once …"
  rm -rf "$root" "$root.partial"
  mmdebstrap --quiet --variant=essential --include="$packages" --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$root.partial" http://deb.debian.org/debian
  mv "$root.partial" "$root"
  echo "$packages" >"$root.built"
fi
container() { systemd-nspawn -q -D "$root" --register=no --keep-unit --volatile=overlay --private-network "$@"; }
if ! trial=$(container /bin/true 2>&1); then skip "systemd-nspawn does not work here: $trial"; fi

# ---- the release
release=$root/opt/cippo/releases/test
rm -rf "$root/opt/cippo" "$root/etc/cippo" "$root/usr/local/lib/cippo" "$root/var/lib/cippo-install" "$root/etc/credstore" "$root/etc/systemd/system/cippo.service.d" "$root/cases" "$root/usr/local/bin/cippo"
made=$(node tools/release/release.mjs)
mkdir -p "$root/opt/cippo/releases"
cp -r "$made" "$release"
ln -sfn releases/test "$root/opt/cippo/current"

# ---- the site: an authority, a broker's and a gateway's certificate, and the configuration
keys=$root/cases/keys
mkdir -p "$keys" "$root/etc/cippo"
certificate() { # NAME SUBJECT EXTENSION
  openssl req -newkey rsa:2048 -nodes -keyout "$keys/$1.key" -out "$keys/$1.csr" -subj "/CN=$2" 2>/dev/null
  openssl x509 -req -in "$keys/$1.csr" -CA "$keys/ca.crt" -CAkey "$keys/ca.key" -CAcreateserial -days 2 -out "$keys/$1.crt" \
    -extfile <(echo "$3") 2>/dev/null
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$keys/ca.key" -out "$keys/ca.crt" -days 2 -subj "/CN=test authority" 2>/dev/null
certificate broker 127.0.0.1 "subjectAltName=IP:127.0.0.1"
certificate gateway nspawn-1 "extendedKeyUsage=clientAuth"
install -d -m 0700 "$root/etc/credstore"
install -m 0600 "$keys/gateway.crt" "$root/etc/credstore/cippo.gateway.crt"
install -m 0600 "$keys/gateway.key" "$root/etc/credstore/cippo.gateway.key"
install -m 0600 "$keys/ca.crt" "$root/etc/credstore/cippo.city-ca.crt"
cp hw-sim/vm/nspawn/site.yaml "$root/etc/cippo/gateway.yaml"

# ---- two further releases: one that works, and one whose gateway ends as soon as it starts
ssh-keygen -q -t ed25519 -N '' -C maintainer -f "$keys/maintainer"
next() { # SEQ LINE: a signed bundle of the release, with LINE as the first of its product
  local tree
  tree=$(mktemp -d)
  cp -r "$made/." "$tree"
  sed "1a $2" "$made/dist/cippo.js" >"$tree/dist/cippo.js"
  node tools/release/sign-release.mjs "$tree" --seq "$1" --name "test-$1" --key "$keys/maintainer" --out "$tree.out" 2>"$root/cases/size-$1" | xargs -I{} cp {} "$root/cases/$1.cippo"
  rm -rf "$tree" "$tree.out"
}
next 2 '/* the next */'
next 3 'if (process.argv.includes("run")) process.exit(1);'

# ---- the run
"$release/systemd/install.sh" --root "$root" --no-enable >/dev/null
second=$("$release/systemd/install.sh" --root "$root" --no-enable)
echo "cippo-release $(cat "$keys/maintainer.pub")" >"$root/usr/local/lib/cippo/allowed_signers"
cp hw-sim/vm/nspawn/cases.sh hw-sim/vm/nspawn/updates.sh hw-sim/vm/nspawn/broker.mjs "$root/cases"
cat >"$root/etc/systemd/system/cases.service" <<'UNIT'
[Unit]
Description=The cases
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /cases/cases.sh
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=file:/out/table
StandardError=file:/out/errors
UNIT
ln -sfn ../cases.service "$root/etc/systemd/system/multi-user.target.wants/cases.service"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
began=$SECONDS
timeout --kill-after=10 480 systemd-nspawn -q -D "$root" --register=no --keep-unit --volatile=overlay --private-network \
  --bind="$out:/out" -b >"$out/console" 2>&1 </dev/null || true
[ "$second" = "cippo: nothing to change" ] && again=passed || again=FAILED
printf 'installed twice: nothing changes\t%s\t%s\n' "$again" "$second" >>"$out/table"

echo
printf '%-52s %-7s %s\n' CASE RESULT SEEN
awk -F'\t' '{ printf "%-52s %-7s %s\n", $1, $2, $3 }' "$out/table"
failed=$(grep -c "$(printf '\tFAILED\t')" "$out/table" || true)
total=$(wc -l <"$out/table")
printf '\n%s cases, %s failed, %s s in the container\n' "$total" "$failed" "$((SECONDS - began))"
# Fewer cases than there are: the list broke off.
if [ "$failed" != 0 ] || [ "$total" -le "$(cat hw-sim/vm/nspawn/cases.sh hw-sim/vm/nspawn/updates.sh | grep -cE "^(is|holds) ")" ]; then
  tail -n 60 "$out/console" "$out/errors" "$out/journal" 2>/dev/null
  exit 1
fi
