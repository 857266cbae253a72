# shellcheck shell=sh
# The sentences of the update scripts, Italian and English side by side. Sourced by common.sh, never run.
updater=/usr/local/lib/cippo/update

# The language of whoever asks, as setlocale(3) reads it; the timer's is the machine's.
lang=${LC_ALL:-${LC_MESSAGES:-${LANG-}}}
case $lang in [Ii][Tt]*) lang=it ;; *) lang=en ;; esac

# words KEY [WORD…]: one sentence. What is no key is said as it stands: a note that a former version left.
words() {
  set -- "$1" "${2-}" "${3-}" "${4-}"
  case $1 in
    # what went on
    here) it="la versione $2 (seq $3) è qui, con firma valida" en="release $2 (seq $3) is here and signed" ;;
    would-take) it="la versione $2 (seq $3) si può installare: firma valida, per questa macchina, $4 MB da scaricare" en="release $2 (seq $3) can be installed: signed, for this machine, $4 MB to fetch" ;;
    staged) it="la versione $2 è pronta" en="release $2 is staged" ;;
    nothing-staged) it="nessuna versione è pronta" en="nothing is staged" ;;
    on-trial) it="la versione $2 è in prova" en="release $2 runs on trial" ;;
    no-trial) it="nessuna versione è in prova" en="no release is on trial" ;;
    nothing-to-return) it="nessuna versione è in prova: non c'è nulla da ritirare" en="no release is on trial: nothing to roll back" ;;
    confirmed) it="La versione $2 è confermata." en="Release $2 is confirmed." ;;
    cancelled) it="Quanto era stato scaricato è stato tolto." en="What was fetched is forgotten." ;;
    units) it="le unità di $2 non risultano installate per intero: vedi sopra" en="the units of $2 were not installed whole: see above" ;;
    rolled-back) it="La versione $2 è stata ritirata: $(because "$3"). È di nuovo in funzione $4." en="Release $2 was rolled back: $(because "$3"). $4 runs again." ;;
    no-former) it="La versione $2 non ha superato la prova ($(because "$3")), e non c'è una versione precedente a cui tornare." en="Release $2 has not proven itself ($(because "$3")), and there is no former release to go back to." ;;
    replaced) it="La versione $2 non può più funzionare; al suo posto è in funzione $3. Installare presto una versione." en="Release $2 cannot run any more; $3 runs in its place. Install a release soon." ;;

    # why a release was rolled back
    operator) it="così ha deciso un operatore" en="an operator rolled it back" ;;
    ended) it="si è interrotta da sola $2 volte" en="ended $2 times by itself" ;;
    cut-off) it="è finita $2 volte senza un arresto regolare" en="ended $2 times without an orderly stop" ;;
    unknown) it="il motivo non è stato annotato" en="no reason was noted" ;;
    damaged) it="i suoi file sono danneggiati" en="its files are damaged" ;;
    no-link) it="nessun collegamento per $2 h" en="no link for $2 h" ;;
    lacks) it="$(words "$3" "$4"), dopo $2 min" en="$(words "$3" "$4"), after $2 min" ;;

    # what a release on trial still lacks
    not-started) it="il gateway non è partito" en="the gateway has not started" ;;
    no-sign-of-life) it="il gateway non dà segni di vita" en="the gateway gives no sign of life" ;;
    not-ready) it="il gateway non è pronto" en="the gateway is not ready" ;;
    not-steady) it="il gateway non è rimasto attivo abbastanza a lungo" en="the gateway has not run for long enough" ;;
    store-not-written) it="il gateway non scrive nel suo archivio" en="the gateway does not write to its database" ;;
    hanging) it="una parte del gateway è bloccata" en="a part of the gateway hangs" ;;
    device-silent) it="il dispositivo $2, che prima rispondeva, tace" en="device $2, which answered before, is silent" ;;
    more-alarms) it="gli allarmi sono più di prima" en="there are more alarms than before" ;;
    not-delivered) it="la piattaforma non conferma nulla" en="the platform acknowledges nothing" ;;

    # what stands in the way
    busy-long) it="Un altro aggiornamento lavora da dieci minuti. Che cosa sta facendo lo dice $updater status." en="Another update has been at work for ten minutes. $updater status says what it does." ;;
    busy-trial) it="La versione $2 è in prova. Attendere la fine, oppure chiudere la prova con $updater confirm o rollback." en="Release $2 is on trial. Wait for its end, or end it by $updater confirm or rollback." ;;
    busy-other) it="È in corso un altro aggiornamento: $2. Attendere la fine, oppure $updater cancel." en="Another update is under way: $2. Wait for its end, or $updater cancel." ;;
    busy-cancel) it="Una versione è in prova: chiudere la prova con rollback." en="A release is on trial: end it by rollback." ;;
    no-gate) it="cippo-update.timer non è abilitato: nessuno seguirebbe la prova. Eseguire systemd/install.sh." en="cippo-update.timer is not enabled: nobody would look at the trial. Run systemd/install.sh." ;;
    none-allowed) it="Nessun indirizzo è permesso: manca from= in /etc/cippo/update.conf." en="No address is allowed: from= in /etc/cippo/update.conf." ;;
    elsewhere) it="$2 non sta sotto $3: vedi from= in /etc/cippo/update.conf." en="$2 does not lie below $3: from= in /etc/cippo/update.conf." ;;
    dots) it="L'indirizzo contiene '..'." en="The address holds '..'." ;;
    no-file) it="Il file $2 non esiste." en="There is no file $2." ;;
    no-source) it="Serve un percorso assoluto o un indirizzo https://, non $2." en="Give an absolute path or an https:// address, not $2." ;;
    unreachable) it="Non si riesce ad avere $2 di $3. Controllare l'indirizzo, la rete e il supporto." en="$2 of $3 cannot be had. Look at the address, the network and the medium." ;;
    no-space) it="Servono $2 MB liberi in $3, ce ne sono $4. Non è stato scaricato nulla." en="It needs $2 MB free in $3, there are $4. Nothing was fetched." ;;
    no-node) it="Il pacchetto non contiene Node, e questo gateway ne ha un altro. Prendere il pacchetto completo." en="The bundle brings no Node, and this box has another one. Take the whole bundle." ;;
    cut) it="$2 non è completo: $3 byte su $4. Ripetere la richiesta: si riprende da quel punto." en="$2 is not whole: $3 of $4 bytes. Ask again, and it goes on from there." ;;

    # what is wrong with a release
    link) it="$2 è un collegamento. Scaricare di nuovo la versione." en="$2 is a link. Fetch the release again." ;;
    lacks-file) it="Manca $2. Scaricare di nuovo la versione." en="It lacks $2. Fetch it again." ;;
    large-head) it="Il suo file release supera 4 KB." en="Its file release is larger than 4 KB." ;;
    no-keys) it="$2 non esiste: questo gateway non riconosce le versioni di nessuno. Installarne una con install.sh." en="$2 is missing: this box trusts nobody's releases. Install a release by install.sh." ;;
    signature) it="Non porta la firma di una chiave riconosciuta da questo gateway. Chiedere di nuovo la versione a chi la pubblica." en="It is not signed by a key that this box trusts. Ask for the release again from the maintainers." ;;
    bad-name) it="Il suo nome non è valido." en="Its name is not valid." ;;
    bad-seq) it="Il suo seq non è un numero." en="Its seq is not a number." ;;
    other-product) it="È una versione di $2." en="It is a release of $2." ;;
    not-as-signed) it="$2 non è quello firmato. Scaricare di nuovo la versione." en="$2 is not the one that was signed. Fetch it again." ;;
    other-machine) it="È per $2, questa macchina è $3." en="It is for $2, this machine is $3." ;;
    old-system) it="Richiede glibc $2, questa macchina ha ${3:-nessuna}. Aggiornare prima il sistema operativo." en="It needs glibc $2, this machine has ${3:-none}. Upgrade the operating system first." ;;
    layout) it="La struttura del suo archivio è la $2, qui c'è la $3. Installare prima le versioni intermedie." en="Its database layout is $2, this box has $3. Install the releases between first." ;;
    older) it="Il suo seq è $2, qui c'è già il $3." en="Its seq is $2, this box has $3 already." ;;
    same) it="$2 è già in funzione." en="$2 runs already." ;;
    returned) it="È già stata ritirata: $(because "$2"). Si riprova una sola volta dopo un giorno; con --again subito." en="It was rolled back: $(because "$2"). It is tried once more after a day; --again does so now." ;;
    unpack) it="$2 non si può estrarre, o non c'è spazio. Nulla è cambiato." en="$2 cannot be unpacked, or there is no space. Nothing was changed." ;;
    sums-name) it="SHA256SUMS nomina $2." en="SHA256SUMS names $2." ;;
    not-whole) it="Un file manca o non è quello firmato. Scaricare il pacchetto completo." en="A file is missing or not as it was signed. Fetch the whole bundle." ;;
    unsigned) it="Contiene file che non sono firmati." en="It holds files that were not signed." ;;
    natives) it="I suoi moduli nativi non si caricano su questa macchina: $2" en="Its native modules do not load on this machine: $2" ;;
    configuration) it="Rifiuta la configurazione di questo sito: $2" en="It refuses this site's configuration: $2" ;;
    usage)
      it="update install FILE|URL [--again]  scarica, verifica, prepara e attiva; poi la versione è in prova
update request                     lo stesso, come chiede il gateway nel suo file di richiesta
update check FILE|URL              dice se questa macchina accetterebbe la versione
update tick                        controlla la prova (cippo-update.timer)
update cancel                      toglie quanto è scaricato o pronto
update confirm | rollback          chiude la prova a mano
update status                      lo stato, e l'esito dell'ultimo aggiornamento"
      en="update install FILE|URL [--again]  fetch, verify, stage and switch; the release is on trial then
update request                     the same, as the gateway asks for in its request file
update check FILE|URL              say whether this machine would take that release
update tick                        look at the trial (cippo-update.timer)
update cancel                      forget what is fetched or staged
update confirm | rollback          end the trial by hand
update status                      the state, and what became of the last update"
      ;;
    *) it="$1${2:+ $2}${3:+ $3}${4:+ $4}" en=$it ;;
  esac
  if [ "$lang" = it ]; then printf '%s' "$it"; else printf '%s' "$en"; fi
}

# because REASON: a reason as it is kept, a key and its words.
# shellcheck disable=SC2086 # one word an argument
because() { words ${1:-unknown}; }
