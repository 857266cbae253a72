# shellcheck shell=bash
# Part of cases.sh: a release that works is kept and one that does not is given back, by systemd's own timer.
releases=/opt/cippo/releases
update=/usr/local/lib/cippo/update
runs() { basename "$(readlink -f $cippo)"; }
state() { sed -n 's/^state=//p' /var/lib/cippo-update/state 2>/dev/null; }
last() { sed -n "s/^$1=//p" /var/lib/cippo-update/last; }
idle() { [ -z "$(state)" ]; }

printf '[Service]\nRestartSec=200ms\n' >/run/systemd/system/cippo.service.d/times.conf && systemctl daemon-reload
# A whole broker and somebody who listens, but no platform: what the broker takes is the proof.
systemctl start mosquitto
(until mosquitto_sub -h 127.0.0.1 -V 5 -q 1 -t '#'; do sleep 0.2; done) >/dev/null 2>&1 &
sed -i 's/^credentials:.*//; s/^  broker:.*/  broker: mqtt:\/\/127.0.0.1:1883\n  acknowledge: broker/' /etc/cippo/gateway.yaml
printf 'steady_s=5\ntrial_s=90\n' >/etc/cippo/update.conf
systemctl restart cippo
until_ 20 test -s /run/cippo/evidence

holds "update: the timer that looks at a trial is enabled" "cippo-update.timer" systemctl is-active cippo-update.timer
began=$(now)
said=$($update install /cases/2.cippo 2>&1)
is "update: fetched, verified, staged and on trial" "test-2 trial" "$(runs) $(state)"
until_ 80 idle
is "update: confirmed by the timer, from the gateway's own evidence" "update.confirmed test-2" "$(last code) $(runs)"
holds "update: confirmed" "$(($(now) - began)) ms after the order" active
is "update: the updater is that of the release" "" "$(diff -q $releases/test-2/systemd/ota/update $update)"

epoch=$(ask status | field 's => s.epoch.n')
said=$($update install /cases/3.cippo 2>&1)
is "update: a release whose gateway ends at once is on trial" "test-3 trial" "$(runs) $(state)"
until_ 80 idle
is "update: given back by the timer" "update.rolled-back test-2" "$(last code) $(runs)"
holds "update: with the reason" "$(last text)" grep -q "by itself" <<<"$(last text)"
until_ 20 ask status
holds "update: the former release goes on with its data" "epoch $epoch, then $(ask status | field 's => s.epoch.n')" active
said=$($update install /cases/3.cippo 2>&1)
holds "update: what was given back is not tried again the same day" "$said" grep -q update.returned <<<"$said"

# The gateway's account asks: nothing but an address that root allowed, and no way into the scripts' own folders.
install -d -o cippo -g cippo /run/cippo/update
asks() { printf '%s\n' "$1" >/run/cippo/update/request.new && mv /run/cippo/update/request.new /run/cippo/update/request && until_ 20 fails test -e /run/cippo/update/request; }
asks "cippo 9 https://evil.example/9"
until_ 10 grep -q update.not-allowed /var/lib/cippo-update/last
is "update: a request for another address is refused" "update.not-allowed" "$(last code)"
holds "update: the gateway's account may not write into the updater" "$(stat -c '%A %U' /var/lib/cippo-update)" \
  fails setpriv --reuid cippo --regid cippo --clear-groups sh -c 'echo >/var/lib/cippo-update/state || echo >/usr/local/lib/cippo/update || ln -sfn / /opt/cippo/current'
# The cases that follow begin with this drop-in.
$cippo/systemd/install.sh --no-enable --gpio-sysfs >/dev/null
