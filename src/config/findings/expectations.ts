/** The Italian of what the schemas expect: their own words are English. */
import { type Lang, phrases } from "./phrases.ts";

/** The Italian of what schemas state in English (`expected …`). What is missing here is shown in English; a test finds it. */
const italian: Readonly<Record<string, string>> = {
  "one of: modbus rtu | tcp | rtu-tcp, serial, gpio, ble, mqtt, each with its own keys only":
    "modbus rtu | tcp | rtu-tcp, serial, gpio, ble oppure mqtt, ciascuno solo con le proprie voci",
  "{coil: n, …} or {fc: 3, address: n, decode: …, unit: …, …}, with their own keys only":
    "{coil: n, …} oppure {fc: 3, address: n, decode: …, unit: …, …}, solo con le proprie voci",
  "coil: ADDRESS, for what function 1 reads": "coil: INDIRIZZO, per ciò che legge la funzione 1",
  'an address such as "A4:C1:38:00:00:01"': 'un indirizzo come "A4:C1:38:00:00:01"',
  "an adapter such as hci0 (`bluetoothctl list` shows them)": "un adattatore come hci0 (`bluetoothctl list` li mostra)",
  "mqtt://host:port or mqtts://host:port, without user and password":
    "mqtt://macchina:porta oppure mqtts://macchina:porta, senza utente e password",
  "a path such as /stream1": "un percorso come /stream1",
  "cert and key, or neither": "cert e key, oppure nessuno dei due",
  "ca, the file with the authorities of the broker's certificate": "ca, il file delle autorità del certificato del broker",
  "password, the file with the password of user": "password, il file con la password di user",
  "user beside a password": "user accanto a una password",
  '16 hex digits in quotation marks, such as "70B3D52C00012345"': '16 cifre esadecimali tra virgolette, come "70B3D52C00012345"',
  "a device id of The Things Stack, such as eui-70b3d52c00012345": "un device id di The Things Stack, come eui-70b3d52c00012345",
  "the EUI by which ChirpStack knows the device": "l'EUI con cui ChirpStack conosce l'apparecchio",
  "the id by which The Things Stack knows the device": "l'id con cui The Things Stack conosce l'apparecchio",
  "20 hex digits, in quotation marks": "20 cifre esadecimali, tra virgolette",
  "12 hex digits, in quotation marks": "12 cifre esadecimali, tra virgolette",
  "a UUID such as 41424344-4546-4748-4940-414243444546": "un UUID come 41424344-4546-4748-4940-414243444546",
  "a JSON pointer (RFC 6901) such as /ENERGY/Power": "un puntatore JSON (RFC 6901) come /ENERGY/Power",
  "a topic such as plant/tank-1, without + and #": "un topic come impianto/vasca-1, senza + e #",
  "a topic such as tasmota_9CF9D1": "un topic come tasmota_9CF9D1",
  "a topic with %prefix% and %topic%": "un topic con %prefix% e %topic%",
  "at most 18h: its own off-timer, PulseTime, counts no further":
    "al massimo 18h: il suo temporizzatore, PulseTime, non conta oltre",
  "either true and false, or words": "o true e false, o parole",
  "a unit beside a gauge or counter, 1 for none": "un'unità accanto a gauge o counter, 1 se non ne ha",
  "no unit: only numbers have one": "nessuna unità: l'hanno solo i numeri",
  "none: only a state has one": "nessuna: l'ha solo uno stato",
  "a unit: only numbers are scaled": "un'unità: solo i numeri hanno una scala",
  "the name of a credential file, never the key itself": "il nome di un file delle credenziali, mai la chiave stessa",
  "a number other than 0": "un numero diverso da 0",
  "a number that the register holds exactly: it is what is written when maxOn is over":
    "un numero che il registro contiene esattamente: è ciò che si scrive allo scadere di maxOn",
  "as many registers as its widest point has": "tanti registri quanti ne ha il suo punto più largo",
  "at least 0, which is what is written when maxOn is over": "almeno 0, che è ciò che si scrive allo scadere di maxOn",
  "litresPerPulse or pulsesPerKWh, not both (neither: the pulses themselves)":
    "litresPerPulse oppure pulsesPerKWh, non entrambi (nessuno dei due: gli impulsi stessi)",
  "a program with its whole path, such as /opt/cippo/bin/ble": "un programma con il suo percorso intero, come /opt/cippo/bin/ble",
  "a country whose holidays are known here: IT": "un paese di cui qui si conoscono le feste: IT",
  "a name such as urn:ngsi-ld:ParkingSpot:city:bay-014": "un nome come urn:ngsi-ld:ParkingSpot:citta:bay-014",
  "a duration such as 500ms, 10s, 5min, 12h or 14d": "una durata come 500ms, 10s, 5min, 12h o 14d",
  "a length such as 1200mm, 120cm or 1.2m": "una lunghezza come 1200mm, 120cm o 1.2m",
  "DEVICE.POINT, such as bay-014-sensor.presence": "DISPOSITIVO.PUNTO, come bay-014-sensor.presence",
  "DEVICE.POINT, such as relay-yard.lamp": "DISPOSITIVO.PUNTO, come relay-yard.lamp",
  "the name of a device": "il nome di un dispositivo",
  "the name of an asset": "il nome di un oggetto",
  "the name of a device that reads badges": "il nome di un dispositivo che legge contrassegni",
  "the name of a list": "il nome di una lista",
  "a time of day such as 03:30": "un orario come 03:30",
  "bays or gates, one of the two": "bays oppure gates, uno dei due",
  "each point once: a gate that counts both ways tells no direction":
    "ogni punto una sola volta: un varco che conta nei due sensi non indica la direzione",
  "how many vehicles fit inside": "quanti veicoli può contenere",
  "not more than capacity": "non più di capacity",
  "a name of lower-case letters, digits and -, such as bay-014": "un nome di minuscole, cifre e -, come bay-014",
  "any other name": "un altro nome",
  "a name such as flow-temp, and not constructor": "un nome come flow-temp, e non constructor",
  "at least one point": "almeno un punto",
  "not less than min": "non meno di min",
  "not less than first": "non meno di first",
  "the smaller number first": "prima il numero minore",
  "a number that float32 holds": "un numero che sta in un float32",
  "a number that float64 holds": "un numero che sta in un float64",
  "a whole number": "un numero intero",
  "at least one number with its word": "almeno un numero con la sua parola",
  "none: a bit is true or false": "nessuno: un bit è true o false",
  "state: a bit is true or false": "state: un bit è true o false",
  "none: its value is a word": "nessuno: il suo valore è una parola",
  "state: its value is a word": "state: il suo valore è una parola",
  "none: `order` says the order of the words too": "nessuno: `order` dice anche l'ordine dei registri",
  "uint16 or uint32, whose bits are what they are": "uint16 o uint32, di cui i bit sono quello che sono",
  "none: `bit` names the one bit": "nessuna: `bit` indica già il bit",
  "none: a bit is true or false; a mask of one bit has words":
    "nessuna: un bit è true o false; le parole si danno a una `mask` di un solo bit",
  "a whole number such as uint16: words stand for whole numbers":
    "un numero intero come uint16: le parole stanno per numeri interi",
  "none: uint8 and int8 are one byte": "nessuno: solo uint8 e int8 sono un byte",
  "false: only whole registers can be written": "false: si scrivono solo registri interi",
  "false: only numbers, true and false can be written": "false: si scrivono solo numeri, true e false",
  "none: only a text has a length of its own": "nessuno: solo un testo ha una lunghezza sua",
  "how many registers the text has": "quanti registri ha il testo",
  "none: a float has its power of ten in itself": "nessuno: un float ha già in sé la sua potenza di dieci",
  "a UCUM code such as Cel, kW.h, m3, V, A, Hz, bar, % or 1": "un codice UCUM come Cel, kW.h, m3, V, A, Hz, bar, % o 1",
  "Cel for degrees Celsius (C is the coulomb)": "Cel per i gradi Celsius (C è il coulomb)",
  "[degF] for degrees Fahrenheit (F is the farad)": "[degF] per i gradi Fahrenheit (F è il farad)",
  "[pH] for acidity (pH is the picohenry)": "[pH] per l'acidità (pH è il picohenry)",
  "1 for a power factor (PF is the petafarad)": "1 per un fattore di potenza (PF è il petafarad)",
  "1 for a power factor": "1 per un fattore di potenza",
  "kW.h for energy, or kW for power": "kW.h per l'energia, o kW per la potenza",
  "W.h for energy, or W for power": "W.h per l'energia, o W per la potenza",
  "g for grams": "g per i grammi",
  "as long as the shortest `leastEvery`: each round asks for something":
    "lungo quanto il `leastEvery` più breve: ogni giro chiede qualcosa",
  "not less than the device's `every`: it is written in its rounds":
    "non meno di `every` dell'apparecchio: si scrive nei suoi giri",
  "none: only a coil or a whole holding register is written": "nessuno: si scrivono solo una bobina o un registro holding intero",
  "a value, or writable: true": "un valore, oppure writable: true",
  "none: what is commanded would be undone": "nessuno: annullerebbe quello che viene comandato",
  "none: keepAlive writes it already": "nessuno: lo scrive già keepAlive",
  "none: what is commanded is repeated": "nessuno: si ripete quello che viene comandato",
  "a value that the register holds exactly": "un valore che il registro contenga esattamente",
  "none: only a quantity has a scale": "nessuno: solo una grandezza ha una scala",
  "another register than the value's own": "un registro che non sia quello del valore",
  "false: a value whose scale is the device's affair is only read":
    "false: un valore la cui scala la decide l'apparecchio si può solo leggere",
  "a register so near that one reply holds both": "un registro così vicino che una risposta li contenga entrambi",
  "none: a text of FF bytes is no value": "nessuno: un testo di byte FF è già assenza di valore",
  "none: a bool is true or false": "nessuno: un bool è true o false",
  "true, where `limits`, `impact`, `safe` or `writeWith` say how it is written":
    "true, dove `limits`, `impact`, `safe` o `writeWith` dicono come si scrive",
  "16: function 6 writes one register": "16: la funzione 6 scrive un solo registro",
  "none: a bool always has a value": "nessuno: un bool ha sempre un valore",
  "state: a bool is true or false": "state: un bool è true o false",
  "bool: a discrete input is true or false": "bool: un ingresso digitale è true o false",
  "at most 16 printable ASCII characters, without accents": "al massimo 16 caratteri ASCII stampabili, senza accenti",
  "one or two lines, each a name of the key and at least 32 hex digits":
    "una o due righe, ciascuna con un nome della chiave e almeno 32 cifre esadecimali",
  "an address whose last register is at most 65535": "un indirizzo il cui ultimo registro non superi 65535",
  "a port from 1 to 65535 after tcp://host:": "una porta da 1 a 65535 dopo tcp://host:",
  "a host name or an address": "il nome o l'indirizzo di una macchina",
  "a host name or an address alone, such as 10.20.0.20, without http:// or tcp://":
    "il solo nome o indirizzo di una macchina, come 10.20.0.20, senza http:// o tcp://",
  "a host name or an address alone: the port goes into `port`": "il solo nome o indirizzo di una macchina: la porta va in `port`",
  "an address of four numbers from 0 to 255, such as 192.168.1.30":
    "un indirizzo di quattro numeri da 0 a 255, come 192.168.1.30",
  "tcp://host:port, such as tcp://10.20.0.31:4001 or tcp://[fd00::2]:4001":
    "tcp://macchina:porta, come tcp://10.20.0.31:4001 o tcp://[fd00::2]:4001",
  "a serial device such as /dev/ttyUSB0, best by its lasting name /dev/serial/by-id/…":
    "una porta seriale come /dev/ttyUSB0, meglio con il suo nome stabile /dev/serial/by-id/…",
  "a serial device such as /dev/ttyUSB0, best by its lasting name /dev/serial/by-id/…: COM1, COM2 and so on are names of Windows":
    "una porta seriale come /dev/ttyUSB0, meglio con il suo nome stabile /dev/serial/by-id/…: COM1, COM2 e così via sono nomi di Windows",
  "a serial device such as /dev/ttyUSB0, best by its lasting name /dev/serial/by-id/…; behind a device server it is `modbus: rtu-tcp` with `host` and `port`":
    "una porta seriale come /dev/ttyUSB0, meglio con il suo nome stabile /dev/serial/by-id/…; dietro un convertitore di rete è `modbus: rtu-tcp` con `host` e `port`",
  "below ≤ warnBelow < warnAbove ≤ above": "below ≤ warnBelow < warnAbove ≤ above, in quest'ordine",
  "lat and lon, or neither": "lat e lon, oppure nessuno dei due",
  "a rate that serial devices have, such as 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200":
    "una velocità che gli apparecchi seriali hanno, come 1200, 2400, 4800, 9600, 19200, 38400, 57600 o 115200",
  "a time zone such as Europe/Rome": "un fuso orario come Europe/Rome",
  "a day such as 2027-06-30": "un giorno come 2027-06-30",
  "a day such as 07-04 or 2026-07-04": "un giorno come 07-04 o 2026-07-04",
  "the name of a file, without a folder": "il nome di un file, senza cartella",
  "a broker such as mqtts://host:8883": "un broker come mqtts://host:8883",
  "a broker without user and password in it: the user goes into sync.user, the password into a file that credentials.password names":
    "un broker senza utente né password: l'utente va in sync.user, la password in un file nominato da credentials.password",
  "a user name of 1 to 200 visible characters": "un nome utente da 1 a 200 caratteri visibili",
  "the name of a file that says what it is, such as broker.password, never the password itself":
    "il nome di un file che dica che cos'è, come broker.password, mai la password stessa",
  "at most half the time after which the column falls back":
    "al massimo metà del tempo dopo il quale la colonnina passa ai valori di sicurezza",
  "the name of a device: only the first socket has the column's":
    "il nome di un dispositivo: solo la prima presa ha quello della colonnina",
  "DEVICE.POINT, or `device`": "DISPOSITIVO.PUNTO, oppure `device`",
  "at most 32 letters, digits and -": "al massimo 32 lettere, cifre e -",
  "a number, beside `limit`": "un numero, accanto a `limit`",
  "a topic such as cippo/v1, without +, # or empty levels": "un topic come cippo/v1, senza +, # o livelli vuoti",
};

export function translated(expectation: string, lang: Lang): string {
  if (lang === "en") return expectation;
  const [, bound, amount] = /^(at least|at most) (\d\S*)$/.exec(expectation) ?? [];
  if (bound !== undefined) return `${phrases[bound === "at least" ? "atLeast" : "atMost"].it} ${amount}`;
  const [, hours, part] = /^opening hours such as ([^(]+?)(?: \((.+) is not understood\))?$/.exec(expectation) ?? [];
  if (hours !== undefined) return `orari come ${hours}${part === undefined ? "" : ` (${part} non è comprensibile)`}`;
  const [, lowest, highest] = /^0, or (\d+) to (\d+)$/.exec(expectation) ?? [];
  if (lowest !== undefined) return `0, oppure da ${lowest} a ${highest}`;
  const [, top, type0] = /^at most (0x\w+), which is what (\w+) holds$/.exec(expectation) ?? [];
  if (top !== undefined) return `al massimo ${top}, quello che sta in ${type0}`;
  const [, least, most, type] = /^a whole number from (\S+) to (\S+), which is what (\w+) holds$/.exec(expectation) ?? [];
  if (least !== undefined) return `un numero intero da ${least} a ${most}, quelli che stanno in ${type}`;
  return italian[expectation] ?? expectation;
}
