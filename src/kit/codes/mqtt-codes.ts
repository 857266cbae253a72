/** What can be wrong with a message of a device that speaks MQTT. */
import type { CodeTable } from "./code-table.ts";

export const mqttCodes = {
  "mqtt.broker-away": {
    retry: true,
    what: { it: "Broker {broker} non raggiungibile: {reason}", en: "Broker {broker} cannot be reached: {reason}" },
    hint: {
      it: "Ciò che si pubblica intanto attende sul broker. Controllare rete e `buses.{bus}.mqtt`; i valori mostrati sono gli ultimi.",
      en: "What is published meanwhile waits at the broker. Check the network and `buses.{bus}.mqtt`; the values shown are the last ones.",
    },
  },
  "mqtt.malformed": {
    retry: true,
    what: {
      it: "Ciò che arriva sul topic {topic} non si legge: {found}",
      en: "What comes on topic {topic} cannot be read: {found}",
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
  "mqtt.offline": {
    retry: true,
    what: { it: "L'apparecchio ha lasciato il broker ({topic})", en: "The device has left the broker ({topic})" },
    hint: {
      it: "Controllare la sua alimentazione e la sua rete Wi-Fi; torna da solo.",
      en: "Check its power and its Wi-Fi; it comes back by itself.",
    },
  },
  "mqtt.no-answer": {
    retry: true,
    what: { it: "L'apparecchio non ha risposto al comando", en: "The device did not answer the command" },
    hint: {
      it: "Può averlo eseguito: guardare il suo stato. Controllare che sia in linea e che accetti comandi via MQTT (RPC over MQTT).",
      en: "It may have carried it out: look at its state. Check that it is online and takes commands over MQTT (RPC over MQTT).",
    },
  },
  "mqtt.no-off-timer": {
    retry: true,
    what: {
      it: "L'apparecchio non ha confermato il suo temporizzatore di spegnimento: non è stato acceso",
      en: "The device did not confirm its own off-timer: it was not switched on",
    },
    hint: {
      it: "Controllare che sia in linea e che `topic` e `fullTopic` siano i suoi. Senza `limits.maxOn` si accende senza temporizzatore.",
      en: "Check that it is online and that `topic` and `fullTopic` are its own. Without `limits.maxOn` it is switched on without a timer.",
    },
  },
  "mqtt.device-refused": {
    retry: false,
    what: { it: "L'apparecchio rifiuta il comando: {reason}", en: "The device refuses the command: {reason}" },
    hint: {
      it: "Confrontare `output` e il tipo con l'apparecchio; il numero e il testo sono i suoi.",
      en: "Compare `output` and the type with the device; number and text are its own.",
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
  "lorawan.no-object": {
    retry: true,
    what: {
      it: "La rete consegna i messaggi del topic {topic} senza decodificarli",
      en: "The network hands over the messages of topic {topic} without decoding them",
    },
    hint: {
      it: "Configurare un decoder (codec) nel profilo dell'apparecchio sulla rete, oppure usare il suo tipo `lorawan-…` se c'è.",
      en: "Configure a decoder (codec) in the device's profile at the network, or use its own type `lorawan-…` if there is one.",
    },
  },
  "lorawan.unknown-record": {
    retry: false,
    what: {
      it: "Nei messaggi c'è un dato {record} che questa versione non conosce: ciò che lo segue non si legge",
      en: "The messages hold a record {record} that this version does not know: what follows it is not read",
    },
    hint: {
      it: "Ciò che sta prima vale. Controllare `type`; aggiornare il gateway, e segnalare canale e tipo.",
      en: "What stands before it counts. Check `type`; update the gateway, and report channel and type.",
    },
  },
} as const satisfies CodeTable;
