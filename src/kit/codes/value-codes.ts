/** What can be wrong with a value, a count, or what a rule makes of them. */
import type { CodeTable } from "./code-table.ts";

export const valueCodes = {
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
  "value.undecided": {
    retry: true,
    what: {
      it: "I registri non bastano a determinare questo valore",
      en: "The registers are not enough to tell this value",
    },
    hint: {
      it: "Di solito passa al prossimo cambio di stato; il codice dell'apparecchio si legge accanto.",
      en: "It usually passes with the next change of state; the device's own code can be read beside it.",
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
    what: { it: "Un contatore è avanzato in una volta più di quanto sia possibile", en: "A counter leapt further than it can" },
    hint: {
      it: "Dopo la sostituzione del contatore è normale, e passa da sé. Se si ripete controllare `order` (o `words`), `decode` e `scale`.",
      en: "After a replacement of the meter this is normal, and passes by itself. If it keeps happening check `order` (or `words`), `decode` and `scale`.",
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
  "sensor.dazzled": {
    retry: false,
    what: { it: "Troppa luce: il sensore è abbagliato", en: "Too much light: the sensor is dazzled" },
    hint: {
      it: "Se dura: toglierlo dal sole diretto, o da una superficie che specchia (vetro, metallo, catarifrangente).",
      en: "If it lasts: move it out of direct sun, or away from a surface that mirrors (glass, metal, reflector).",
    },
  },
  "sensor.loop-fault": {
    retry: true,
    what: { it: "Il rilevatore a spira segnala un guasto", en: "The loop detector reports a fault" },
    hint: {
      it: "Controllare la spira (interrotta, o in corto) e l'alimentazione del rilevatore; poi azzerarlo.",
      en: "Check the loop (cut, or shorted) and the detector's power; then reset it.",
    },
  },
  "sensor.untuned": {
    retry: true,
    what: {
      it: "Il rilevatore a spira ha appena ricevuto corrente: non si sa se c'è un veicolo",
      en: "The loop detector has just got power: whether a vehicle stands there is not known",
    },
    hint: {
      it: "Passa da sé quando un veicolo arriva o parte.",
      en: "It passes by itself when a vehicle comes or goes.",
    },
  },
  "sensor.sign-unclear": {
    retry: false,
    what: {
      it: "Non si sa che cosa dice la spia: o nessuno la guarda, o il manuale della marca non spiega ciò che mostra",
      en: "Nobody knows what the light says: nothing watches it, or the manual of the make does not explain what it shows",
    },
    hint: {
      it: "Andare a guardare; se è un guasto, scriverlo in `faultSigns`. Senza sensore della spia il resto si controlla comunque.",
      en: "Go and look; if it is a fault, write it into `faultSigns`. Without a sensor of the light the rest is watched all the same.",
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
  "clock.unsynced": {
    retry: true,
    what: {
      it: "L'ora esatta non è nota: orari e scadenze non si valutano",
      en: "The right time is not known: hours and expiries are not judged",
    },
    hint: {
      it: "Vale quando `timedatectl show -p NTPSynchronized` dice yes; se non arriva, controllare il server dell'ora.",
      en: "It is when `timedatectl show -p NTPSynchronized` says yes; if that does not come, check the time server.",
    },
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
  "list.missing": {
    retry: false,
    what: { it: "Manca la lista da consultare", en: "There is no list to look it up in" },
    hint: { it: "Inviare la lista dalla piattaforma.", en: "Send the list from the platform." },
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
} as const satisfies CodeTable;
