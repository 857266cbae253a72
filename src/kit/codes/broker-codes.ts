/** What can go wrong between the gateway and its broker: login, certificates, messages. */
import type { CodeTable } from "./code-table.ts";

export const brokerCodes = {
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
      it: "Controllare `{userKey}` e il contenuto della credenziale {name}: una riga, senza spazi né virgolette.",
      en: "Check `{userKey}` and what the credential {name} holds: one line, no blanks, no quotes.",
    },
  },
  "sync.no-login": {
    retry: true,
    what: {
      it: "Il broker {broker} vuole un utente o un certificato, e questo gateway non ne presenta",
      en: "The broker {broker} wants a user or a certificate, and this gateway shows neither",
    },
    hint: {
      it: "Scrivere `{userKey}` e `{credentialsKey}.password` (il nome di un file), oppure `{credentialsKey}.cert` e `{credentialsKey}.key`.",
      en: "Write `{userKey}` and `{credentialsKey}.password` (the name of a file), or `{credentialsKey}.cert` and `{credentialsKey}.key`.",
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
      it: "Se il broker conosce solo la versione 3.1.1, scrivere `{versionKey}: 3.1.1`; altrimenti aggiornarlo.",
      en: "If the broker knows version 3.1.1 only, write `{versionKey}: 3.1.1`; otherwise update it.",
    },
  },
  "sync.client-id": {
    retry: true,
    what: {
      it: "Il broker {broker} non accetta il client id {clientId}",
      en: "The broker {broker} does not accept client id {clientId}",
    },
    hint: {
      it: "È `{clientIdKey}`: chiedere a chi gestisce il broker quale nome vi è registrato.",
      en: "It is `{clientIdKey}`: ask the broker's operators which name is registered there.",
    },
  },
  "sync.taken-over": {
    retry: true,
    what: {
      it: "Un altro si è collegato al broker {broker} con il nome di questo gateway, {clientId}",
      en: "Another client connected to the broker {broker} under this gateway's name, {clientId}",
    },
    hint: {
      it: "Due gateway hanno lo stesso `{clientIdKey}`, forse una scheda copiata: dare a ciascuno il suo.",
      en: "Two gateways have the same `{clientIdKey}`, perhaps from a copied card: give each its own.",
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
      it: "Scrivere in `{brokerKey}` un nome che sta nel certificato, oppure rifare il certificato con {host}.",
      en: "Write in `{brokerKey}` a name that the certificate holds, or renew the certificate with {host}.",
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
      it: "Scrivere `{credentialsKey}.cert` e `{credentialsKey}.key`, oppure far entrare sul broker anche con utente e password.",
      en: "Write `{credentialsKey}.cert` and `{credentialsKey}.key`, or let the broker admit by user and password too.",
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
      it: "Avvisare chi gestisce la piattaforma: documenti più grandi vanno per riferimento (contratto, `down`).",
      en: "Tell the platform's operators: larger documents go by reference (contract, `down`).",
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
} as const satisfies CodeTable;
