/** The table of everything that can go wrong: code → whether a retry helps, what happened, what to do next. `docs/errors.md` is generated from it. */
import type { Text } from "../model/index.ts";

export interface CodeSpec {
  /** Whether trying again without a change can help. */
  readonly retry: boolean;
  /** What happened. `{name}` is filled from the context, `{count error|errors}` with the form that fits. */
  readonly what: Text;
  /** What to do next. */
  readonly hint: Text;
}

export const codes = {
  // ---- wires
  "bus.timeout": {
    retry: true,
    what: { it: "Nessuna risposta da {device} sul bus {bus}", en: "No answer from {device} on bus {bus}" },
    hint: {
      it: "Controllare alimentazione, cablaggio (A/B invertiti?), indirizzo e baud rate.",
      en: "Check power, wiring (A/B swapped?), unit address and baud rate.",
    },
  },
  "bus.checksum": {
    retry: true,
    what: { it: "Dati corrotti sul bus {bus}", en: "Corrupt data on bus {bus}" },
    hint: {
      it: "Controllare terminazione (120 Ω ai due capi), schermo del cavo e che due unità non abbiano lo stesso indirizzo.",
      en: "Check termination (120 Ω at both ends), the cable screen, and that no two units share an address.",
    },
  },
  "bus.not-modbus-tcp": {
    retry: true,
    what: { it: "Sul bus {bus} arrivano dati che non sono Modbus TCP", en: "What comes on bus {bus} is no Modbus TCP" },
    hint: {
      it: "Controllare `host` e `port` del bus {bus}: forse lì risponde un altro servizio. Se un convertitore è impostato su RTU over TCP, scrivere `modbus: rtu-tcp` o impostarlo su Modbus TCP.",
      en: "Check `host` and `port` of bus {bus}: another service may answer there. If a converter is set to RTU over TCP, write `modbus: rtu-tcp`, or set it to Modbus TCP.",
    },
  },
  "bus.late-reply": {
    retry: true,
    what: {
      it: "Sul bus {bus} {device} risponde dopo {delayMs} ms, ma se ne attendono {timeoutMs}",
      en: "On bus {bus} {device} answers after {delayMs} ms, and only {timeoutMs} are waited",
    },
    hint: {
      it: "Scrivere `{key}: {wanted}` o più. Se prima rispondeva in tempo: troppe richieste al suo gateway o un secondo master.",
      en: "Write `{key}: {wanted}` or more. If it used to answer in time: too many requests for its gateway, or a second master.",
    },
  },
  "bus.other-unit": {
    retry: true,
    what: {
      it: "Sul bus {bus} ha risposto l'unità {answered} al posto dell'unità {unit}",
      en: "On bus {bus} unit {answered} answered instead of unit {unit}",
    },
    hint: {
      it: "Controllare il selettore d'indirizzo dell'apparecchio: è su {answered}, mentre la configurazione dice `unit: {unit}`. Correggere uno dei due.",
      en: "Check the device's address switch: it is at {answered}, and the configuration says `unit: {unit}`. Correct one of the two.",
    },
  },
  "bus.unit-echo": {
    retry: true,
    what: {
      it: "Sul bus {bus} è stata interrogata l'unità {unit}, la risposta porta il nome dell'unità {answered}",
      en: "On bus {bus} unit {unit} was asked, and the reply bears the name of unit {answered}",
    },
    hint: {
      it: "Se l'apparecchio ha quell'indirizzo, scrivere `unit: {answered}`. Se il gateway risponde sempre così: `tolerate: [unit-echo]` nel bus {bus}.",
      en: "If the device has that address, write `unit: {answered}`. If the gateway always replies so: `tolerate: [unit-echo]` in bus {bus}.",
    },
  },
  "bus.transaction-echo": {
    retry: true,
    what: {
      it: "Sul bus {bus} è partita la transazione {asked}, la risposta porta il numero {answered}",
      en: "On bus {bus} transaction {asked} was sent, and the reply bears number {answered}",
    },
    hint: {
      it: "Il gateway non restituisce la transazione: aggiornarne il firmware, oppure `tolerate: [transaction-echo]` nel bus {bus} con `replyDeadline` al suo ritardo massimo.",
      en: "The gateway does not return the transaction: update its firmware, or `tolerate: [transaction-echo]` in bus {bus}, with `replyDeadline` at its longest delay.",
    },
  },
  "bus.second-master": {
    retry: true,
    what: {
      it: "Sul bus {bus} interroga anche un altro master: {bytes}",
      en: "Another master asks on bus {bus} too: {bytes}",
    },
    hint: {
      it: "Una linea seriale ha un solo master: scollegare l'altro, o leggere i suoi dati da lui.",
      en: "A serial line has one master: disconnect the other one, or get these data from it.",
    },
  },
  "bus.foreign-reply": {
    retry: true,
    what: {
      it: "Sul bus {bus} è arrivato qualcosa che non risponde alla domanda: {bytes}",
      en: "Something came on bus {bus} that does not answer the question: {bytes}",
    },
    hint: {
      it: "Controllare `type` e la tabella dei registri: l'apparecchio risponde con altra funzione o lunghezza. I byte qui sopra servono all'assistenza.",
      en: "Check `type` and the register table: the device answers with another function or length. The bytes shown are what support needs.",
    },
  },
  "bus.exception": {
    retry: true,
    what: {
      it: "L'unità {unit} ha rifiutato la richiesta (eccezione Modbus {exception})",
      en: "Unit {unit} refused the request (Modbus exception {exception})",
    },
    hint: {
      it: "Eccezioni 1-3: la tabella dei registri non è quella di questo apparecchio. 4-6, 8, 10, 11: riprova da solo entro secondi.",
      en: "Exceptions 1-3: the register table is not this device's. 4-6, 8, 10, 11: it is tried again by itself within seconds.",
    },
  },
  "net.refused": {
    retry: true,
    what: { it: "L'apparecchio rifiuta la connessione", en: "The device refuses the connection" },
    hint: {
      it: "È raggiungibile, ma su quella porta nessun servizio risponde: controllare `port` e il servizio sull'apparecchio.",
      en: "It can be reached, but no service answers on that port: check `port` and the service on the device.",
    },
  },
  "net.unreachable": {
    retry: true,
    what: { it: "Nessun percorso di rete verso l'apparecchio", en: "There is no way through the network to the device" },
    hint: {
      it: "Controllare cavo e switch dal lato del gateway, poi indirizzo e router (`ip route get INDIRIZZO`).",
      en: "Check cable and switch on the gateway's side, then address and router (`ip route get ADDRESS`).",
    },
  },
  "net.timeout": {
    retry: true,
    what: { it: "L'apparecchio non risponde entro il tempo", en: "The device does not answer in time" },
    hint: {
      it: "Controllare l'alimentazione e il cavo dell'apparecchio; su una linea lenta aumentare `timeout`.",
      en: "Check the power and the cable of the device; on a slow link raise `timeout`.",
    },
  },
  "net.unknown-host": {
    retry: true,
    what: {
      it: "Il nome dell'apparecchio non si risolve in un indirizzo",
      en: "The device's name does not resolve to an address",
    },
    hint: {
      it: "Controllare `host` e il DNS (`resolvectl query NOME`), oppure scrivere l'indirizzo al posto del nome.",
      en: "Check `host` and the DNS (`resolvectl query NAME`), or write the address instead of the name.",
    },
  },
  "bus.unreachable": {
    retry: true,
    what: { it: "Bus {bus} non raggiungibile: {reason}", en: "Bus {bus} cannot be reached: {reason}" },
    hint: {
      it: "Controllare cavo di rete, indirizzo e porta dell'apparecchio; `cippo devices` mostra quando torna.",
      en: "Check the network cable, the device's address and port; `cippo devices` shows when it is back.",
    },
  },
  "bus.flooded": {
    retry: true,
    what: {
      it: "Sul bus {bus} arriva molto più di quanto una linea porta: collegamento chiuso",
      en: "Far more comes on bus {bus} than any line carries: connection closed",
    },
    hint: {
      it: "Controllare che a {host}:{port} ci sia il convertitore giusto e che nessun altro vi scriva; riavviarlo. Riprende da solo.",
      en: "Check that the right device server is at {host}:{port} and that nothing else writes to it; restart it. It resumes by itself.",
    },
  },
  "port.missing": {
    retry: true,
    what: { it: "La porta {port} non esiste", en: "Port {port} does not exist" },
    hint: {
      it: "Collegare l'adattatore; `ls -l /dev/serial/by-id/` mostra quelli presenti.",
      en: "Plug the adapter in; `ls -l /dev/serial/by-id/` shows those present.",
    },
  },
  "port.busy": {
    retry: true,
    what: { it: "La porta {port} è usata da un altro programma", en: "Port {port} is used by another program" },
    hint: {
      it: "`fuser -v {port}` mostra da chi: chiuderlo (ModemManager, getty, minicom).",
      en: "`fuser -v {port}` shows which: stop it (ModemManager, getty, minicom).",
    },
  },
  "port.denied": {
    retry: true,
    what: { it: "Permesso negato su {port}", en: "Permission denied on {port}" },
    hint: {
      it: "L'utente del servizio deve stare nel gruppo dialout (o gpio).",
      en: "The service's user must be in group dialout (or gpio).",
    },
  },
  "port.lost": {
    retry: true,
    what: { it: "La porta {port} è stata scollegata", en: "Port {port} was unplugged" },
    hint: { it: "Ricollegare l'adattatore: riprende da solo.", en: "Plug the adapter in again: it resumes by itself." },
  },
  "frame.invalid": {
    retry: true,
    what: { it: "Dati non riconosciuti da {device}", en: "Bytes that make no frame from {device}" },
    hint: {
      it: "Controllare il tipo di sensore in configurazione; su una linea seriale anche baud rate e massa comune.",
      en: "Check the sensor type in the configuration; on a serial line also baud rate and common ground.",
    },
  },
  "gpio.unavailable": {
    retry: true,
    what: { it: "Nessun accesso GPIO: {reason}", en: "No GPIO access: {reason}" },
    hint: {
      it: "Il gateway riprova da solo. Se resta così: l'utente dev'essere nel gruppo gpio; `gpiodetect` elenca i chip, e su una scheda che non è un Raspberry Pi se ne indica uno con `chip:`.",
      en: "The gateway tries again by itself. If it stays so: the user must be in group gpio; `gpiodetect` lists the chips, and on a board that is no Raspberry Pi one is named as `chip:`.",
    },
  },
  "gpio.not-installed": {
    retry: true,
    what: { it: "Manca il programma `{tool}`", en: "The program `{tool}` is missing" },
    hint: {
      it: "Installare `gpiod` (`apt install gpiod`). Poi il gateway riprende da solo.",
      en: "Install `gpiod` (`apt install gpiod`). The gateway then resumes by itself.",
    },
  },
  "gpio.line-busy": {
    retry: true,
    what: { it: "La linea GPIO {line} non si può avere: {reason}", en: "GPIO line {line} cannot be had: {reason}" },
    hint: {
      it: "`gpioinfo` mostra chi la usa; controllare il numero BCM in configurazione.",
      en: "`gpioinfo` shows who uses it; check the BCM number in the configuration.",
    },
  },
  "gpio.overrun": {
    retry: true,
    what: {
      it: "Linea GPIO {line}: {lost cambiamento perso|cambiamenti persi}, il gateway non li leggeva in tempo",
      en: "GPIO line {line}: {lost change|changes} lost, the gateway did not read them in time",
    },
    hint: {
      it: "Controllare contatto, cavo e disturbi, e il carico della macchina (`top`).",
      en: "Check contact, cable and interference, and the load of the machine (`top`).",
    },
  },
  "gpio.level-unknown": {
    retry: false,
    what: {
      it: "Linea {line}: gpiod 1 non sa leggere un'uscita senza disturbarla",
      en: "Line {line}: gpiod 1 cannot read an output without disturbing it",
    },
    hint: {
      it: "Il primo comando la stabilisce; oppure `onStart: off` o `on`, o gpiod 2.",
      en: "The first command settles it; or `onStart: off` or `on`, or gpiod 2.",
    },
  },
  "gpio.not-as-set": {
    retry: false,
    what: { it: "L'uscita non ha il livello impostato", en: "The output is not at the level that was set" },
    hint: {
      it: "Controllare il carico e un cortocircuito sulla linea.",
      en: "Check the load, and the line for a short circuit.",
    },
  },
  "ble.unavailable": {
    retry: true,
    what: { it: "Bluetooth {adapter} non disponibile: {reason}", en: "Bluetooth {adapter} is not available: {reason}" },
    hint: {
      it: "`systemctl status bluetooth`, `bluetoothctl list`, `rfkill list`; l'utente nel gruppo bluetooth. Riprende da solo.",
      en: "`systemctl status bluetooth`, `bluetoothctl list`, `rfkill list`; the user in group bluetooth. It resumes by itself.",
    },
  },
  "ble.unreachable": {
    retry: true,
    what: {
      it: "Apparecchio Bluetooth non leggibile ({step}): {reason}",
      en: "Bluetooth device cannot be read ({step}): {reason}",
    },
    hint: {
      it: "Controllare batteria e distanza (pochi metri, senza metallo); nessun telefono deve esservi collegato.",
      en: "Check battery and distance (a few metres, no metal between); no phone may be connected to it.",
    },
  },
  "ble.replayed": {
    retry: true,
    what: { it: "Da {device} arrivano solo annunci già sentiti", en: "Only advertisements heard before come from {device}" },
    hint: {
      it: "Batteria appena cambiata? Sarà creduto quando avrà contato oltre il valore di prima. Altrimenti qualcuno ripete pacchetti registrati.",
      en: "Battery just changed? It is believed once it has counted beyond where it was. Otherwise somebody repeats recorded packets.",
    },
  },
  "ble.key": {
    retry: false,
    what: {
      it: "Annunci cifrati: chiave assente o errata; oppure non cifrati benché una chiave sia nominata",
      en: "Encrypted advertisements: key missing or wrong; or not encrypted though a key is named",
    },
    hint: {
      it: "Mettere la chiave (bind key, 32 cifre esadecimali) in un file delle credenziali e nominarlo in `key`.",
      en: "Put the bind key (32 hex digits) into a file of the credentials folder and name it in `key`.",
    },
  },
  "ble.unknown-object": {
    retry: false,
    what: {
      it: "{device} manda un oggetto {object} che questa versione non conosce: ciò che lo segue nei suoi annunci non si legge",
      en: "{device} sends an object {object} that this version does not know: what follows it in its packets is not read",
    },
    hint: {
      it: "Ciò che sta prima vale. Aggiornare il gateway, o spegnere quella grandezza nell'apparecchio; segnalare il numero.",
      en: "What stands before it counts. Update the gateway, or switch that quantity off in the device; report the number.",
    },
  },
  "mqtt.malformed": {
    retry: true,
    what: {
      it: "Ciò che arriva sul topic {topic} non si legge: {reason}",
      en: "What comes on topic {topic} cannot be read: {reason}",
    },
    hint: {
      it: "`mosquitto_sub -v -t '{topic}'` lo mostra. Se è testo semplice e non JSON, togliere `at` dai punti; altrimenti chiedere a chi pubblica.",
      en: "`mosquitto_sub -v -t '{topic}'` shows it. If it is plain text and no JSON, leave `at` out of the points; otherwise ask whoever publishes.",
    },
  },
  "mqtt.no-value": {
    retry: true,
    what: {
      it: "Nei messaggi del topic {topic} non c'è niente in {at}",
      en: "Messages of topic {topic} have nothing at {at}",
    },
    hint: {
      it: "Confrontare `at` con un messaggio vero: `mosquitto_sub -v -t '{topic}'`. Maiuscole e minuscole contano.",
      en: "Compare `at` with a real message: `mosquitto_sub -v -t '{topic}'`. Upper and lower case count.",
    },
  },
  "mqtt.mistyped": {
    retry: true,
    what: {
      it: "In {at} c'è {found}, che non è del tipo atteso",
      en: "At {at} stands {found}, which is not of the type expected",
    },
    hint: {
      it: "Senza `unit` un punto è true o false; con `unit` è un numero, con `kind: text` un testo. Parole come ON e OFF vanno in `map`.",
      en: "Without `unit` a point is true or false; with `unit` it is a number, with `kind: text` a text. Words such as ON and OFF go into `map`.",
    },
  },
  "mqtt.retained": {
    retry: true,
    what: {
      it: "Valore conservato dal broker: era vero quando fu pubblicato, e non si sa quando",
      en: "A value that the broker kept: it was true when it was published, and nobody says when that was",
    },
    hint: {
      it: "Si attende il prossimo messaggio, che lo conferma o lo cambia. Se non arriva, l'apparecchio è muto.",
      en: "The next message is awaited, which confirms or changes it. If none comes, the device is silent.",
    },
  },
  "mqtt.not-subscribed": {
    retry: true,
    what: {
      it: "Il broker {broker} non lascia leggere il topic {topic} (codice {reason})",
      en: "The broker {broker} does not let topic {topic} be read (code {reason})",
    },
    hint: {
      it: "Controllare il nome del topic; poi chiedere a chi gestisce il broker il diritto di leggerlo. Si riprova ogni minuto.",
      en: "Check the topic's name; then ask the broker's operators for the right to read it. It is asked for again every minute.",
    },
  },
  // ---- values
  "value.out-of-range": {
    retry: false,
    what: { it: "Valore impossibile", en: "Impossible value" },
    hint: {
      it: "Controllare sensore, scala e ordine delle parole in configurazione.",
      en: "Check the sensor, and scale and word order in the configuration.",
    },
  },
  "value.unreadable": {
    retry: false,
    what: {
      it: "I registri non contengono niente che si legga come il tipo in configurazione",
      en: "The registers hold nothing that can be read as the type in the configuration",
    },
    hint: {
      it: "Confrontare indirizzo, `decode` e `order` con il documento dell'apparecchio.",
      en: "Compare address, `decode` and `order` with the device's document.",
    },
  },
  "value.unlisted": {
    retry: false,
    what: { it: "Valore che non sta nella tabella delle parole", en: "A value that is not in the table of words" },
    hint: {
      it: "Cercarlo nel documento dell'apparecchio e aggiungerlo a `map`; altrimenti controllare l'indirizzo.",
      en: "Look it up in the device's document and add it to `map`; otherwise check the address.",
    },
  },
  "value.implausible": {
    retry: false,
    what: { it: "Un valore che la sua unità non può avere", en: "A value that its unit cannot have" },
    hint: {
      it: "Controllare `order` (o `words`), `decode`, indirizzo e scala con il documento; se il valore è vero, scrivere `range`.",
      en: "Check `order` (or `words`), `decode`, address and scale against the document; if the value is true, write `range`.",
    },
  },
  "value.doubted": {
    retry: false,
    what: {
      it: "Valore possibile, ma poco prima lo stesso punto ne ha dati di impossibili",
      en: "A possible value, but the same point gave impossible ones shortly before",
    },
    hint: {
      it: "Se succede di continuo l'ordine dei byte è sbagliato: controllare `order` (o `words`) e `decode` con il documento.",
      en: "If it keeps happening the order of the bytes is wrong: check `order` (or `words`) and `decode` against the document.",
    },
  },
  "value.leapt": {
    retry: false,
    what: { it: "Un contatore è balzato più avanti di quanto possa", en: "A counter leapt further than it can" },
    hint: {
      it: "Se succede di continuo controllare `order` (o `words`), `decode` e scala; se il contatore è stato sostituito passa da sé.",
      en: "If it keeps happening check `order` (or `words`), `decode` and scale; after a replacement of the meter it passes by itself.",
    },
  },
  "value.no-factor": {
    retry: false,
    what: { it: "L'apparecchio non dà il fattore di scala del valore", en: "The device gives no scale factor for the value" },
    hint: {
      it: "La grandezza manca su questo modello, oppure `scaleFrom` indica un altro registro.",
      en: "The quantity is missing on this model, or `scaleFrom` names another register.",
    },
  },
  "value.not-a-number": {
    retry: false,
    what: { it: "L'apparecchio segnala 'nessun valore'", en: "The device says 'no value'" },
    hint: {
      it: "La grandezza non è disponibile su questo modello o in questo stato.",
      en: "The quantity is not available on this model or in this state.",
    },
  },
  "value.unidentified": {
    retry: true,
    what: {
      it: "L'apparecchio dà valori ma non ha ancora detto di che tipo è",
      en: "The device gives values but has not yet said what type it is",
    },
    hint: {
      it: "Viene richiesto da solo. Se non risponde mai: controllare `type`; `identity: false` se è certamente l'apparecchio giusto.",
      en: "It is asked again by itself. If it never answers: check `type`; `identity: false` if it is certainly the right device.",
    },
  },
  "value.wrong-device": {
    retry: false,
    what: {
      it: "All'indirizzo risponde un apparecchio di un altro tipo",
      en: "A device of another type answers at this address",
    },
    hint: {
      it: "Controllare `type` e `unit` in configurazione e l'apparecchio montato; `identity: false` se è una variante compatibile.",
      en: "Check `type` and `unit` in the configuration and the device fitted; `identity: false` if it is a compatible variant.",
    },
  },
  "value.went-back": {
    retry: false,
    what: { it: "Un contatore è tornato indietro", en: "A counter went backwards" },
    hint: {
      it: "Apparecchio sostituito o azzerato? Se sì è normale una volta.",
      en: "Was the device replaced or reset? Then it is normal once.",
    },
  },
  "sensor.blind-zone": {
    retry: false,
    what: {
      it: "Qualcosa è più vicino di quanto il sensore possa misurare",
      en: "Something is nearer than the sensor can measure",
    },
    hint: {
      it: "Guardare se c'è qualcosa davanti al sensore o su di esso (foglia, neve, ragnatela) e se è montato troppo basso.",
      en: "Look whether something is in front of the sensor or on it (leaf, snow, web), and whether it is mounted too low.",
    },
  },
  "sensor.no-echo": {
    retry: false,
    what: { it: "Il sensore non vede nulla: nessuna eco", en: "The sensor sees nothing: no echo" },
    hint: {
      it: "È così quando il posto è vuoto? Allora `seesNothing: free` in configurazione. Altrimenti controllare direzione e portata del sensore.",
      en: "Is that so when the place is empty? Then `seesNothing: free` in the configuration. Otherwise check the sensor's aim and range.",
    },
  },
  "sensor.nothing-in-range": {
    retry: false,
    what: {
      it: "Nulla entro la portata: vale quanto dice `seesNothing`",
      en: "Nothing within range: it means what `seesNothing` says",
    },
    hint: { it: "Nulla da fare.", en: "Nothing to do." },
  },
  "rule.failed": {
    retry: true,
    what: {
      it: "La regola {kind} (versione {version}) si è fermata su {input}: {reason}",
      en: "The rule {kind} (version {version}) failed at {input}: {reason}",
    },
    hint: {
      it: "Riprova da sola al prossimo dato. Se dura, inviare questo messaggio al fornitore: le altre regole proseguono.",
      en: "It tries again at the next input. If it lasts, send this message to the maintainers: the other rules go on.",
    },
  },
  "rule.state-unfit": {
    retry: false,
    what: {
      it: "Lo stato salvato non vale per {kind} versione {version}: ricostruito dallo storico",
      en: "The saved state does not fit {kind} version {version}: learned again from the history",
    },
    hint: { it: "Nulla da fare; lo stato precedente è conservato.", en: "Nothing to do; the former state is kept." },
  },
  "measure.incomplete": {
    retry: false,
    what: { it: "Mancano letture: la misura è parziale", en: "Readings were missing: the measure is partial" },
    hint: { it: "Vedere `cippo devices` per il dispositivo.", en: "See `cippo devices` for the device." },
  },
  "contact.chatter": {
    retry: false,
    what: { it: "Il contatto rimbalza di continuo", en: "The contact chatters" },
    hint: {
      it: "Controllare contatto, cavo e disturbi; aumentare `debounce`.",
      en: "Check contact, cable and interference; raise `debounce`.",
    },
  },
  "counter.restarted": {
    retry: false,
    what: { it: "Il conteggio riparte su una nuova base dati", en: "Counting starts anew on a new database" },
    hint: { it: "Nulla da fare: la piattaforma ne tiene conto.", en: "Nothing to do: the platform accounts for it." },
  },
  "counter.unobserved": {
    retry: false,
    what: {
      it: "Per un tempo nessuno ha contato: quanto è passato allora manca dal totale",
      en: "Nobody counted for a while: what passed then is missing from the total",
    },
    hint: {
      it: "Dove c'è uno strumento, confrontare con il suo quadrante.",
      en: "Where there is an instrument, compare with its dial.",
    },
  },
  "device.silent": {
    retry: true,
    what: { it: "Da {device} non arriva nulla da {lasted}", en: "Nothing has come from {device} for {lasted}" },
    hint: {
      it: "Controllare alimentazione o batteria, cavo o distanza; `cippo read {device}` prova subito.",
      en: "Check power or battery, cable or distance; `cippo read {device}` tries at once.",
    },
  },
  // ---- configuration
  "config.unreadable": {
    retry: false,
    what: { it: "Il file {file} non si legge: {reason}", en: "File {file} cannot be read: {reason}" },
    hint: { it: "Controllare nome e permessi del file.", en: "Check the file's name and permissions." },
  },
  "config.encoding": {
    retry: false,
    what: {
      it: "Il file {file} non è in UTF-8 ma in {found} (riga {line}, colonna {column})",
      en: "File {file} is not UTF-8 but {found} (line {line}, column {column})",
    },
    hint: {
      it: "Salvarlo come UTF-8 nell'editor, oppure `iconv -f {from} -t UTF-8 {file} > nuovo.yaml`.",
      en: "Save it as UTF-8 in the editor, or `iconv -f {from} -t UTF-8 {file} > new.yaml`.",
    },
  },
  "config.not-text": {
    retry: false,
    what: {
      it: "Il file {file} non è un testo di configurazione ({reason})",
      en: "File {file} is no text of a configuration ({reason})",
    },
    hint: {
      it: "È un archivio, un programma o un file rovinato? Indicare il file `.yaml` del sito.",
      en: "Is it an archive, a program or a spoilt file? Name the site's `.yaml` file.",
    },
  },
  "config.odd-character": {
    retry: false,
    what: {
      it: "C'è un carattere che non si vede, o che sembra un altro",
      en: "There is a character that cannot be seen, or looks like another",
    },
    hint: {
      it: "Viene da un copia e incolla: cancellarlo e scriverlo con la tastiera.",
      en: "It comes from copying and pasting: delete it and type it on the keyboard.",
    },
  },
  "config.leading-zero": {
    retry: false,
    what: {
      it: "Un numero con zeri davanti si legge in base 10",
      en: "A number with zeros before it is read in base 10",
    },
    hint: {
      it: "Togliere gli zeri; se era un numero ottale scriverlo `0o…`, se era un testo metterlo tra virgolette.",
      en: "Remove the zeros; write an octal number `0o…`, and put a text in quotation marks.",
    },
  },
  "config.invalid": {
    retry: false,
    what: {
      it: "Configurazione rifiutata: {count problema|problemi} in {file}",
      en: "Configuration refused: {count problem|problems} in {file}",
    },
    hint: {
      it: "`cippo config check {file}` li mostra tutti con riga e colonna.",
      en: "`cippo config check {file}` shows all with line and column.",
    },
  },
  "config.type-not-yet": {
    retry: false,
    what: {
      it: "Il tipo {type} non è ancora disponibile in questa versione",
      en: "Type {type} is not available in this version yet",
    },
    hint: {
      it: "Il resto del sito parte lo stesso; aggiornare il gateway per usarlo.",
      en: "The rest of the site starts all the same; update the gateway to use it.",
    },
  },
  "config.syntax": {
    retry: false,
    what: { it: "Il testo non è YAML valido", en: "The text is not valid YAML" },
    hint: {
      it: "Controllare rientri (solo spazi), due punti, virgolette e parentesi nel punto indicato.",
      en: "Check indentation (spaces only), colons, quotes and brackets at the place shown.",
    },
  },
  "config.unknown-key": {
    retry: false,
    what: { it: "Voce sconosciuta", en: "Unknown key" },
    hint: {
      it: "Correggerla o toglierla; `config/schema.json` fa completare i nomi all'editor.",
      en: "Correct or remove it; with `config/schema.json` an editor completes the names.",
    },
  },
  "config.missing": {
    retry: false,
    what: { it: "Manca una voce", en: "A key is missing" },
    hint: { it: "Aggiungerla nel punto indicato.", en: "Add it at the place shown." },
  },
  "config.wrong-value": {
    retry: false,
    what: { it: "Valore non ammesso", en: "Value not allowed" },
    hint: { it: "Scrivere ciò che è atteso, con la sua unità.", en: "Write what is expected, with its unit." },
  },
  "config.unknown-word": {
    retry: false,
    what: { it: "Tipo sconosciuto", en: "Unknown type" },
    hint: { it: "`cippo devices --types` mostra i tipi.", en: "`cippo devices --types` shows the types." },
  },
  "config.unknown-name": {
    retry: false,
    what: {
      it: "Si nomina un bus, un dispositivo o un punto che non c'è",
      en: "A bus, device or point is named that is not there",
    },
    hint: { it: "Correggere il nome o descrivere ciò che manca.", en: "Correct the name or describe what is missing." },
  },
  "config.wrong-bus": {
    retry: false,
    what: { it: "Il bus non è del tipo che serve al dispositivo", en: "The bus is not of the kind that the device needs" },
    hint: { it: "Indicare un bus del tipo atteso.", en: "Name a bus of the kind expected." },
  },
  "config.wrong-reference": {
    retry: false,
    what: { it: "Il nome c'è, ma indica un'altra cosa", en: "The name is there, but it stands for something else" },
    hint: { it: "Indicare ciò che è atteso.", en: "Name what is expected." },
  },
  "config.claimed-twice": {
    retry: false,
    what: {
      it: "Due si contendono lo stesso indirizzo, linea o porta",
      en: "Two claim the same address, line or port",
    },
    hint: {
      it: "Dare a ciascuno il suo, sull'apparecchio e in configurazione.",
      en: "Give each its own, on the device and in the configuration.",
    },
  },
  "config.same-name": {
    retry: false,
    what: { it: "Lo stesso nome due volte", en: "The same name twice" },
    hint: { it: "Dispositivi e oggetti hanno nomi tutti diversi.", en: "Devices and assets all have different names." },
  },
  "config.credentials": {
    retry: false,
    what: { it: "Credenziali assenti o di esempio", en: "Credentials missing or samples" },
    hint: {
      it: "Indicare in `credentials` i nomi dei file di questo gateway.",
      en: "Name this gateway's own files under `credentials`.",
    },
  },
  "config.no-proof": {
    retry: false,
    what: {
      it: "Con MQTT 3.1.1 il broker non dice se qualcuno ha ricevuto",
      en: "Under MQTT 3.1.1 the broker does not say whether anybody received",
    },
    hint: {
      it: "Usare `acknowledge: platform`, oppure `mqtt: 5`, oppure accettare perdite con `acceptLoss: true`.",
      en: "Use `acknowledge: platform`, or `mqtt: 5`, or accept losses with `acceptLoss: true`.",
    },
  },
  "config.plain-broker": {
    retry: false,
    what: { it: "Il broker è raggiunto senza TLS", en: "The broker is reached without TLS" },
    hint: { it: "Fuori da questa macchina usare `mqtts://`.", en: "Use `mqtts://` for anything beyond this machine." },
  },
  "config.not-yet": {
    retry: false,
    what: { it: "Voce letta ma non ancora attiva in questa versione", en: "Read, but not acted upon by this version yet" },
    hint: { it: "Il resto del sito parte lo stesso.", en: "The rest of the site starts all the same." },
  },
  // ---- store
  "store.newer": {
    retry: false,
    what: {
      it: "La base dati {file} è di una versione più nuova ({found} > {known})",
      en: "Database {file} is from a newer version ({found} > {known})",
    },
    hint: {
      it: "Installare la versione più nuova del gateway, oppure spostare il file.",
      en: "Install the newer gateway version, or move the file away.",
    },
  },
  "store.locked": {
    retry: true,
    what: { it: "La base dati {file} è usata da un altro processo", en: "Database {file} is used by another process" },
    hint: { it: "Un altro gateway è in esecuzione? `cippo status`.", en: "Is another gateway running? `cippo status`." },
  },
  "store.unwritable": {
    retry: true,
    what: { it: "La base dati non si può scrivere: {reason}", en: "The database cannot be written: {reason}" },
    hint: {
      it: "Disco pieno o in sola lettura? `df -h`, `dmesg | tail`. Il gateway riprende da solo.",
      en: "Disk full or read-only? `df -h`, `dmesg | tail`. The gateway resumes by itself.",
    },
  },
  "store.full": {
    retry: true,
    what: { it: "La quota della base dati è esaurita", en: "The database's quota is used up" },
    hint: {
      it: "La piattaforma è raggiungibile? Alzare `store.quotaMB` se serve.",
      en: "Can the platform be reached? Raise `store.quotaMB` if needed.",
    },
  },
  "store.gone": {
    retry: false,
    what: {
      it: "La base dati {file} è stata tolta o sostituita mentre il gateway era in funzione",
      en: "Database {file} was removed or replaced while the gateway was running",
    },
    hint: {
      it: "Fermare il gateway prima di toccare i suoi file; ora riparte con quello che trova.",
      en: "Stop the gateway before touching its files; it starts again with what is there now.",
    },
  },
  "store.corrupt": {
    retry: false,
    what: {
      it: "La base dati {file} era danneggiata ed è in quarantena",
      en: "Database {file} was damaged and is in quarantine",
    },
    hint: {
      it: "Sostituire la scheda SD; il file in quarantena serve all'assistenza.",
      en: "Replace the SD card; the quarantined file is for support.",
    },
  },
  "store.binding": {
    retry: false,
    what: { it: "Un valore non può essere scritto: {reason}", en: "A value cannot be written: {reason}" },
    hint: { it: "Errore del programma: segnalarlo.", en: "A defect of the program: report it." },
  },
  "native.missing": {
    retry: false,
    what: { it: "Manca il modulo nativo {module}", en: "Native module {module} is missing" },
    hint: {
      it: "Reinstallare: `npm start` lo ricostruisce (servono g++, make, python3).",
      en: "Reinstall: `npm start` rebuilds it (needs g++, make, python3).",
    },
  },
  // ---- commands
  "command.malformed": {
    retry: false,
    what: { it: "Comando non valido: {reason}", en: "Malformed command: {reason}" },
    hint: {
      it: "`cippo devices --commands` mostra azioni e argomenti.",
      en: "`cippo devices --commands` shows actions and arguments.",
    },
  },
  "command.unknown-target": {
    retry: false,
    what: { it: "Nessun comando {action} per {target}", en: "No command {action} for {target}" },
    hint: {
      it: "`cippo devices --commands` mostra che cosa si può comandare.",
      en: "`cippo devices --commands` shows what can be commanded.",
    },
  },
  "command.wrong-gateway": {
    retry: false,
    what: { it: "Il comando è per il gateway {gateway}", en: "The command is for gateway {gateway}" },
    hint: { it: "Correggere il mittente.", en: "Correct the sender." },
  },
  "command.expired": {
    retry: false,
    what: { it: "Il comando è scaduto", en: "The command has expired" },
    hint: { it: "Inviarne uno nuovo.", en: "Send a new one." },
  },
  "command.retained": {
    retry: false,
    what: { it: "Un comando non può essere 'retained'", en: "A command must not be retained" },
    hint: { it: "Correggere il mittente.", en: "Correct the sender." },
  },
  "command.lifetime": {
    retry: false,
    what: {
      it: "La validità del comando supera 24 ore o è nel futuro",
      en: "The command's lifetime exceeds 24 h or lies in the future",
    },
    hint: { it: "Controllare l'orologio del mittente.", en: "Check the sender's clock." },
  },
  "command.out-of-range": {
    retry: false,
    // Out of its limits, of another type, missing, or none of the target's.
    what: {
      it: "Argomento {name}: così {target} non lo accetta",
      en: "Argument {name} is not as {target} takes it",
    },
    hint: {
      it: "`cippo devices --commands` mostra gli argomenti e i loro limiti.",
      en: "`cippo devices --commands` shows the arguments and their limits.",
    },
  },
  "command.too-soon": {
    retry: true,
    what: { it: "Troppo presto dopo il comando precedente", en: "Too soon after the previous command" },
    hint: { it: "Attendere `minInterval` e ripetere.", en: "Wait for `minInterval` and repeat." },
  },
  "command.clock-unsynced": {
    retry: true,
    what: { it: "L'orologio non è sincronizzato", en: "The clock is not synchronised" },
    hint: {
      it: "Attendere la sincronizzazione: vale quando `timedatectl show -p NTPSynchronized` dice yes. Se non arriva, controllare il server dell'ora.",
      en: "Wait for synchronisation: it counts when `timedatectl show -p NTPSynchronized` says yes. If it does not come, check the time server.",
    },
  },
  "command.unsigned": {
    retry: false,
    what: { it: "Un'azione ad alto impatto richiede una firma", en: "A high-impact action needs a signature" },
    hint: {
      it: "Eseguirla localmente, oppure firmarla con una chiave autorizzata.",
      en: "Run it locally, or sign it with a trusted key.",
    },
  },
  "command.not-switched-off": {
    retry: true,
    what: {
      it: "{target} è ancora acceso oltre il suo tempo massimo",
      en: "{target} is still on after its maximum on-time",
    },
    hint: {
      it: "Spegnerlo sul posto: si riprova da solo, `cippo events` dice perché non riesce. Se i limiti non ammettono uno 'spento', correggere `min` e `max`.",
      en: "Switch it off on site: it is tried again by itself, `cippo events` says why it fails. If its limits allow no 'off', correct `min` and `max`.",
    },
  },
  "command.no-answer": {
    retry: false,
    what: {
      it: "Inviato senza risposta; la rilettura non lo conferma",
      en: "Sent without an answer; reading back does not confirm it",
    },
    hint: { it: "Controllare lo stato sul posto prima di ripetere.", en: "Check the state on site before repeating." },
  },
  "command.interrupted": {
    retry: false,
    what: { it: "Il gateway si è fermato durante l'esecuzione", en: "The gateway stopped while it was executing" },
    hint: { it: "Controllare lo stato sul posto prima di ripetere.", en: "Check the state on site before repeating." },
  },
  "command.history-lost": {
    retry: false,
    what: { it: "Emesso prima che questa base dati esistesse", en: "Issued before this database existed" },
    hint: { it: "Inviarne uno nuovo.", en: "Send a new one." },
  },
  "command.device-down": {
    retry: true,
    what: { it: "{target} non è raggiungibile", en: "{target} cannot be reached" },
    hint: { it: "`cippo devices` dice perché.", en: "`cippo devices` says why." },
  },
  // ---- sync
  "sync.unreachable": {
    retry: true,
    what: { it: "Broker {broker} non raggiungibile: {reason}", en: "Broker {broker} cannot be reached: {reason}" },
    hint: {
      it: "I dati restano nel gateway. Controllare rete e indirizzo del broker.",
      en: "Data stay in the gateway. Check the network and the broker's address.",
    },
  },
  "sync.refused": {
    retry: true,
    what: {
      it: "Il broker {broker} rifiuta la connessione (codice {reason})",
      en: "The broker {broker} refuses the connection (code {reason})",
    },
    hint: {
      it: "Chiedere a chi gestisce il broker, dicendo il codice: è della tabella di MQTT. Si riprova da solo.",
      en: "Ask the broker's operators, naming the code: it is one of MQTT's table. It is tried again by itself.",
    },
  },
  "sync.hung-up": {
    retry: true,
    what: {
      it: "Il broker {broker} chiude la connessione senza dire perché",
      en: "The broker {broker} closes the connection without saying why",
    },
    hint: {
      it: "Lo dice il suo registro: la porta vuole `mqtts://`, il certificato del gateway è rifiutato, oppure con MQTT 3.1.1 mancano i messaggi retained.",
      en: "Its log tells: the port wants `mqtts://`, the gateway's certificate is refused, or under MQTT 3.1.1 it has no retained messages.",
    },
  },
  "sync.bad-login": {
    retry: true,
    what: {
      it: "Il broker {broker} non accetta l'utente {user} con questa password",
      en: "The broker {broker} does not accept user {user} with this password",
    },
    hint: {
      it: "Controllare `sync.user` e il contenuto della credenziale {name}: una riga, senza spazi né virgolette.",
      en: "Check `sync.user` and what the credential {name} holds: one line, no blanks, no quotes.",
    },
  },
  "sync.no-login": {
    retry: true,
    what: {
      it: "Il broker {broker} non lascia entrare nessuno senza presentarsi, e questo gateway non mostra né utente né certificato",
      en: "The broker {broker} lets nobody in unnamed, and this gateway shows neither a user nor a certificate",
    },
    hint: {
      it: "Scrivere `sync.user` e `credentials.password` (il nome di un file), oppure `credentials.cert` e `credentials.key`.",
      en: "Write `sync.user` and `credentials.password` (the name of a file), or `credentials.cert` and `credentials.key`.",
    },
  },
  "sync.not-admitted": {
    retry: true,
    what: {
      it: "Il broker {broker} non autorizza {user} a collegarsi: password errata, o non è tra chi può entrare",
      en: "The broker {broker} does not authorise {user} to connect: wrong password, or not among those who may",
    },
    hint: {
      it: "Controllare la credenziale {name}; poi chiedere a chi gestisce il broker se {user} con client id {clientId} può collegarsi.",
      en: "Check the credential {name}; then ask the broker's operators whether {user} with client id {clientId} may connect.",
    },
  },
  "sync.protocol-version": {
    retry: true,
    what: { it: "Il broker {broker} non parla MQTT {mqtt}", en: "The broker {broker} does not speak MQTT {mqtt}" },
    hint: {
      it: "Se il broker conosce solo la versione 3.1.1, scrivere `sync.mqtt: 3.1.1`; altrimenti aggiornarlo.",
      en: "If the broker knows version 3.1.1 only, write `sync.mqtt: 3.1.1`; otherwise update it.",
    },
  },
  "sync.client-id": {
    retry: true,
    what: {
      it: "Il broker {broker} non accetta il client id {clientId}",
      en: "The broker {broker} does not accept client id {clientId}",
    },
    hint: {
      it: "È `gateway.id`: chiedere a chi gestisce il broker quale nome vi è registrato.",
      en: "It is `gateway.id`: ask the broker's operators which name is registered there.",
    },
  },
  "sync.taken-over": {
    retry: true,
    what: {
      it: "Un altro si è collegato al broker {broker} con il nome di questo gateway, {clientId}",
      en: "Another client connected to the broker {broker} under this gateway's name, {clientId}",
    },
    hint: {
      it: "Due gateway hanno lo stesso `gateway.id`, forse una scheda copiata: dare a ciascuno il suo.",
      en: "Two gateways have the same `gateway.id`, perhaps from a copied card: give each its own.",
    },
  },
  "sync.no-retain": {
    retry: true,
    what: {
      it: "Il broker {broker} non conserva messaggi (retained), e senza non si può dire lo stato attuale",
      en: "The broker {broker} keeps no retained messages, and without them no current state can be told",
    },
    hint: {
      it: "Abilitarli sul broker (mosquitto: `retain_available true`); certificato e password sono a posto.",
      en: "Enable them on the broker (mosquitto: `retain_available true`); certificate and password are all right.",
    },
  },
  "sync.no-qos1": {
    retry: true,
    what: {
      it: "Il broker {broker} non conferma i messaggi (QoS 1), e senza conferma nulla è provato",
      en: "The broker {broker} acknowledges no messages (QoS 1), and without that nothing is proved",
    },
    hint: {
      it: "Abilitare QoS 1 sul broker (mosquitto: `max_qos 1` o 2).",
      en: "Enable QoS 1 on the broker (mosquitto: `max_qos 1` or 2).",
    },
  },
  "sync.broker-authority": {
    retry: true,
    what: {
      it: "Il certificato del broker {broker} è di un'autorità che questo gateway non conosce ({reason})",
      en: "The certificate of the broker {broker} is from an authority that this gateway does not know ({reason})",
    },
    hint: {
      it: "La credenziale {ca} deve contenere l'autorità che ha firmato il certificato del broker, con le intermedie.",
      en: "The credential {ca} must hold the authority that signed the broker's certificate, with those between.",
    },
  },
  "sync.broker-name": {
    retry: true,
    what: {
      it: "Il certificato del broker vale per {names}, non per {host}",
      en: "The broker's certificate is for {names}, not for {host}",
    },
    hint: {
      it: "Scrivere in `sync.broker` un nome che sta nel certificato, oppure rifare il certificato con {host}.",
      en: "Write in `sync.broker` a name that the certificate holds, or renew the certificate with {host}.",
    },
  },
  "sync.broker-dates": {
    retry: true,
    what: {
      it: "Il certificato del broker {broker} è scaduto o non ancora valido ({reason})",
      en: "The certificate of the broker {broker} has expired or is not valid yet ({reason})",
    },
    hint: {
      it: "Va rinnovato sul broker; l'orologio di questo gateway è sincronizzato e non c'entra.",
      en: "It must be renewed on the broker; this gateway's clock is synchronised and not to blame.",
    },
  },
  "sync.broker-certificate": {
    retry: true,
    what: {
      it: "Questo gateway non accetta il certificato del broker {broker} ({reason})",
      en: "This gateway does not accept the certificate of the broker {broker} ({reason})",
    },
    hint: {
      it: "Controllare il certificato del broker contro la credenziale {ca}: `openssl verify -CAfile`.",
      en: "Check the broker's certificate against the credential {ca}: `openssl verify -CAfile`.",
    },
  },
  "sync.own-certificate": {
    retry: true,
    what: {
      it: "Il broker {broker} non accetta il certificato di questo gateway, {cert} ({reason})",
      en: "The broker {broker} does not accept this gateway's certificate, {cert} ({reason})",
    },
    hint: {
      it: "È scaduto, revocato o di un'altra autorità? `openssl x509 -noout -dates -issuer -in` lo dice; chiederne uno nuovo.",
      en: "Is it expired, revoked or from another authority? `openssl x509 -noout -dates -issuer -in` tells; ask for a new one.",
    },
  },
  "sync.certificate-wanted": {
    retry: true,
    what: {
      it: "Il broker {broker} vuole un certificato, e la configurazione non ne nomina uno",
      en: "The broker {broker} wants a certificate, and the configuration names none",
    },
    hint: {
      it: "Scrivere `credentials.cert` e `credentials.key`, oppure far entrare sul broker anche con utente e password.",
      en: "Write `credentials.cert` and `credentials.key`, or let the broker admit by user and password too.",
    },
  },
  "sync.not-tls": {
    retry: true,
    what: {
      it: "A {broker} non risponde TLS ({reason})",
      en: "What answers at {broker} is not TLS ({reason})",
    },
    hint: {
      it: "Controllare la porta: di solito 8883 con `mqtts://`, 1883 senza TLS.",
      en: "Check the port: usually 8883 with `mqtts://`, 1883 without TLS.",
    },
  },
  "sync.not-authorised": {
    retry: true,
    what: { it: "Il broker non autorizza {topic}", en: "The broker does not authorise {topic}" },
    hint: {
      it: "Controllare le ACL del gateway sul broker. Nulla va perso.",
      en: "Check the gateway's ACL on the broker. Nothing is lost.",
    },
  },
  "sync.record-refused": {
    retry: false,
    what: { it: "Il broker rifiuta questo messaggio ({reason})", en: "The broker refuses this very message ({reason})" },
    hint: {
      it: "Resta nel registro delle perdite; segnalarlo alla piattaforma.",
      en: "It stands in the loss ledger; tell the platform's operators.",
    },
  },
  "sync.document-refused": {
    retry: true,
    what: {
      it: "Il broker non accetta il messaggio permanente su {topic} ({reason})",
      en: "The broker does not take the retained message on {topic} ({reason})",
    },
    hint: {
      it: "Il broker mostra ancora lo stato precedente; controllare le sue regole di accesso e la dimensione massima dei messaggi.",
      en: "The broker still shows the former state; check its access rules and its largest message size.",
    },
  },
  "sync.no-puback": {
    retry: true,
    what: { it: "Il broker non conferma i messaggi", en: "The broker does not acknowledge messages" },
    hint: {
      it: "La connessione viene rifatta; controllare il carico del broker.",
      en: "The connection is made anew; check the broker's load.",
    },
  },
  "sync.clock": {
    retry: true,
    what: { it: "Certificato non valido alla data dell'orologio", en: "Certificate not valid at the clock's date" },
    hint: {
      it: "L'orologio è sbagliato? Lo dice `timedatectl`. Chiavi e certificati non vengono toccati.",
      en: "Is the clock wrong? `timedatectl` says. Keys and certificates are left alone.",
    },
  },
  "sync.message-too-large": {
    retry: false,
    what: {
      it: "Dalla piattaforma è arrivato su {topic} un messaggio di {bytes} byte: il limite è {limit}, non è stato preso",
      en: "The platform sent a message of {bytes} bytes on {topic}: the limit is {limit}, it was not taken",
    },
    hint: {
      it: "Avvisare chi gestisce la piattaforma: documenti più grandi vanno per riferimento (contratto, Down).",
      en: "Tell the platform's operators: larger documents go by reference (contract, Down).",
    },
  },
  "sync.ack-refused": {
    retry: false,
    what: { it: "Conferma impossibile dalla piattaforma", en: "An impossible acknowledgement from the platform" },
    hint: { it: "Avvisare chi gestisce la piattaforma.", en: "Tell the platform's operators." },
  },
  "credentials.missing": {
    retry: true,
    what: { it: "Manca la credenziale {name}", en: "Credential {name} is missing" },
    hint: { it: "Metterla nella cartella delle credenziali ({folder}).", en: "Put it into the credentials folder ({folder})." },
  },
  "credentials.unusable": {
    retry: true,
    what: { it: "La credenziale {name} non si può usare: {reason}", en: "Credential {name} cannot be used: {reason}" },
    hint: {
      it: "Il file in {folder} è vuoto, non leggibile, non è PEM, o la chiave non è quella del certificato: rimetterlo.",
      en: "The file in {folder} is empty, not readable, not PEM, or the key is not the certificate's: put it there anew.",
    },
  },
  // ---- command line
  "cli.not-running": {
    retry: true,
    what: { it: "Il gateway non risponde su {socket}", en: "The gateway does not answer on {socket}" },
    hint: {
      it: "`systemctl status cippo`; oppure indicare `--socket`, `CIPPO_SOCKET` o `--config`.",
      en: "`systemctl status cippo`; or name `--socket`, `CIPPO_SOCKET` or `--config`.",
    },
  },
  "cli.not-a-socket": {
    retry: false,
    what: { it: "{socket} non è un socket", en: "{socket} is not a socket" },
    hint: {
      it: "Indicare con `--socket` quello del gateway (`gateway.socket` in configurazione), oppure `--config`.",
      en: "Give the gateway's own with `--socket` (`gateway.socket` in its configuration), or name `--config`.",
    },
  },
  "cli.denied": {
    retry: false,
    what: { it: "Permesso negato su {socket}", en: "Permission denied on {socket}" },
    hint: {
      it: "L'utente deve stare nel gruppo del gateway, oppure usare sudo.",
      en: "The user must be in the gateway's group, or use sudo.",
    },
  },
  "cli.protocol": {
    retry: false,
    what: { it: "Il gateway parla un'altra versione ({reason})", en: "The gateway speaks another version ({reason})" },
    hint: {
      it: "Usare il `cippo` della stessa versione del servizio.",
      en: "Use the `cippo` of the same version as the service.",
    },
  },
  "cli.bad-line": {
    retry: false,
    what: { it: "Richiesta non riconosciuta: {reason}", en: "Request not understood: {reason}" },
    hint: {
      it: "Il protocollo è una riga JSON per richiesta (`src/cli/socket/admin-protocol.ts`).",
      en: "The protocol is one line of JSON per request (`src/cli/socket/admin-protocol.ts`).",
    },
  },
  "cli.gave-way": {
    retry: true,
    what: {
      it: "Questa connessione era inattiva da più tempo delle altre {count} e ha fatto posto a una nuova",
      en: "This connection had been idle longer than the other {count} and gave way to a new one",
    },
    hint: {
      it: "Ripetere il comando; chi tiene aperte tante connessioni lo mostra `ss -xp`.",
      en: "Repeat the command; `ss -xp` shows who keeps so many connections open.",
    },
  },
  "cli.full": {
    retry: true,
    what: {
      it: "Tutte le {count} connessioni al gateway sono occupate",
      en: "All {count} connections to the gateway are busy",
    },
    hint: {
      it: "Chiudere un `cippo watch` e ripetere; chi le tiene lo mostra `ss -xp`.",
      en: "Close a `cippo watch` and repeat; `ss -xp` shows who holds them.",
    },
  },
  "cli.socket": {
    retry: true,
    what: { it: "Il socket {socket} non si può aprire: {reason}", en: "Socket {socket} cannot be opened: {reason}" },
    hint: {
      it: "Un altro gateway è in esecuzione, o la cartella manca: `cippo status`, `ls -l {folder}`.",
      en: "Another gateway is running, or the folder is missing: `cippo status`, `ls -l {folder}`.",
    },
  },
  "cli.no-simulator": {
    retry: false,
    what: { it: "Il simulatore non è installato ({file})", en: "The simulator is not installed ({file})" },
    hint: {
      it: "Il simulatore sta solo nei sorgenti: lì `npm start`.",
      en: "The simulator comes with the sources only: `npm start` there.",
    },
  },
  "cli.usage": {
    retry: false,
    what: { it: "Uso: {reason}", en: "Usage: {reason}" },
    hint: { it: "`cippo {command}--help`.", en: "`cippo {command}--help`." },
  },
  "cli.unknown-name": {
    retry: false,
    what: { it: "{name} non esiste in questo sito", en: "{name} does not exist on this site" },
    hint: {
      it: "`cippo devices` mostra dispositivi e punti, `cippo status` gli oggetti.",
      en: "`cippo devices` shows devices and points, `cippo status` the assets.",
    },
  },
  "cli.unknown-point": {
    retry: false,
    what: { it: "{name} non ha un punto {point}", en: "{name} has no point {point}" },
    hint: { it: "Ci sono: {known}.", en: "There are: {known}." },
  },
  "cli.which-point": {
    retry: false,
    what: { it: "{name} ha più punti: va detto quale", en: "{name} has several points: say which" },
    hint: { it: "Ci sono: {known}.", en: "There are: {known}." },
  },
  "cli.not-a-device": {
    retry: false,
    what: { it: "{name} è un oggetto, non un dispositivo", en: "{name} is an asset, not a device" },
    hint: {
      it: "`cippo watch {name}` lo segue; `cippo devices` mostra i dispositivi.",
      en: "`cippo watch {name}` follows it; `cippo devices` shows the devices.",
    },
  },
  internal: {
    retry: true,
    what: { it: "Errore interno: {message}", en: "Internal error: {message}" },
    hint: { it: "Segnalarlo con il registro (`journalctl -u cippo`).", en: "Report it with the log (`journalctl -u cippo`)." },
  },
} as const satisfies Record<string, CodeSpec>;
