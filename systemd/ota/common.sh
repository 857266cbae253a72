# shellcheck shell=sh disable=SC2034
# What the update scripts share: places, the state file, what is told, the systemd unit. Sourced, never run.
set -eu
umask 022
unset CDPATH

# A test gives another root; then no service of this machine is touched.
root=${CIPPO_ROOT-}
opt=$root/opt/cippo
releases=$opt/releases
base=$root/var/lib/cippo-update
inbox=$base/inbox
state=$base/state
told=$root/run/cippo-update/status
evidence=$root/run/cippo/evidence
config=$root/etc/cippo/gateway.yaml
settings=$root/etc/cippo/update.conf
unit=cippo.service
signers=${CIPPO_SIGNERS:-$root/usr/local/lib/cippo/allowed_signers}

# An update that is cut while it brings new scripts may leave this one without its sentences: then their keys are said.
lang=en
words() { printf '%s' "$*"; }
because() { printf '%s' "$*"; }
# shellcheck source=messages.sh
[ ! -f "$(dirname "$0")/messages.sh" ] || . "$(dirname "$0")/messages.sh"

# say KEY WORDS…: see messages.sh.
say() { printf 'cippo: %s\n' "$(words "$@")"; }

# value KEY FILE: the first line KEY=… of it; nothing where there is none.
value() { sed -n "s/^$1=//p" "$2" 2>/dev/null | head -n 1; }
setting() {
  found=$(value "$1" "$settings")
  printf '%s' "${found:-$2}"
}

# A state is on the disk before the next step begins: written beside, forced out, renamed, and the folder forced out too.
put() {
  sync "$1.new"
  mv "$1.new" "$1"
  sync "$(dirname "$1")"
}
save() {
  mkdir -p "$base"
  printf '%s\n' "$@" >"$state.new"
  put "$state"
}
# change KEY=VALUE…: these keys of the state, and no other.
change() {
  touch "$state"
  keys=
  for pair in "$@"; do keys="$keys${keys:+|}${pair%%=*}"; done
  { grep -vE "^($keys)=" "$state" || true; printf '%s\n' "$@"; } >"$state.new"
  put "$state"
}
drop() {
  rm -f "$state"
  sync "$base"
}
now_in() { value state "$state"; }

# tell OUTCOME CODE KEY WORDS…: what became of an update, in both languages, for `update status` and the platform. Outlives a reboot.
tell() {
  outcome=$1 code=$2
  shift 2
  mkdir -p "$base"
  printf '%s\n' "outcome=$outcome" "code=$code" "text=$(lang=en words "$@")" "text-it=$(lang=it words "$@")" \
    "seq=${seq-}" "release=${release-}" "at=$(date +%s)" >"$base/last.new"
  put "$base/last"
  show
}
# show: what anybody on this machine may know of it.
show() {
  mkdir -p "${told%/*}"
  { sed -n '/^\(state\|release\|former\|tries\|ran\|missing\)=/p' "$state" 2>/dev/null | sed 's/^/now-/'
    lacking=$(value missing "$state")
    [ -z "$lacking" ] || printf '%s\n' "now-lacks=$(lang=en because "$lacking")" "now-lacks-it=$(lang=it because "$lacking")"
    cat "$base/last" 2>/dev/null || true; } >"$told.new"
  chmod 0644 "$told.new"
  mv "$told.new" "$told"
}
# fail CODE KEY WORDS…: nothing was changed; the code says why and the sentence what to do. A question leaves no outcome.
fail() {
  code=$1
  shift
  printf 'cippo: %s: %s\n' "$code" "$(words "$@")" >&2
  [ "${CIPPO_ONLY_ASKED-}" = yes ] || tell refused "$code" "$@"
  exit 1
}

# A test ends a script here, as a power cut would.
point() { [ "${CIPPO_KILL_AT-}" != "$1" ] || kill -9 $$; }

# point_link NAME RELEASE: a link that names the old or the new, never nothing.
point_link() {
  ln -sfn "releases/$2" "$opt/$1.new"
  mv -T "$opt/$1.new" "$opt/$1"
  sync "$opt"
}
linked() {
  found=$(readlink "$opt/$1" 2>/dev/null) || found=
  printf '%s' "${found#releases/}"
}

# whole FOLDER: every file is as SHA256SUMS says.
whole() { [ -s "$1/SHA256SUMS" ] && (cd "$1" && sha256sum --check --quiet --strict SHA256SUMS >/dev/null 2>&1); }

# Units, rules and accounts belong to the release: those of RELEASE, with the options that the operator gave.
install_units() {
  script=$releases/$1/systemd/install.sh
  [ -x "$script" ] || [ -f "$script" ] || return 0
  options=$(cat "$root/var/lib/cippo-install/options" 2>/dev/null) || options=
  # shellcheck disable=SC2086 # one word an option, as install.sh wrote them
  sh "$script" ${root:+--root "$root"} $options
}
restart() {
  [ "${CIPPO_AT_BOOT-}" != yes ] || return 0
  if [ -n "$root" ]; then ${CIPPO_SYSTEMCTL:-true} restart $unit; else systemctl restart $unit; fi
}
restarts() {
  if [ -n "$root" ]; then ${CIPPO_SYSTEMCTL:-echo} show -P NRestarts $unit; else systemctl show -P NRestarts $unit; fi
}

boot_id() { tr -d - <"${CIPPO_BOOT_ID_FILE:-/proc/sys/kernel/random/boot_id}"; }
# Seconds that this boot has lasted: a clock that nobody sets.
uptime_s() { cut -d. -f1 "${CIPPO_UPTIME_FILE:-/proc/uptime}"; }

# heard KEY: what the gateway says of itself; a file that is not its own, or too large, says nothing.
heard() {
  [ -f "$evidence" ] && [ ! -L "$evidence" ] || return 0
  head -c 65536 "$evidence" | sed -n "s/^$1=//p" | head -n 1 | tr -cd 'A-Za-z0-9._/ -'
}
