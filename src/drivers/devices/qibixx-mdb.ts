/** A coin changer on MDB behind the Qibixx MDB-USB interface, and answers that prove how it is read. */
import { coinChanger } from "../families/till/coin-changer.ts";

// docs.qibixx.com, API General and Generic Master: 115200 8N1, `M,1` begins master mode, `R,xx,yyyy` asks, `p,YYYY`, `p,ACK` or `p,NACK` answers.
export const qibixxMdb = coinChanger({
  type: "qibixx-mdb",
  title: { it: "Gettoniera MDB su interfaccia Qibixx MDB-USB", en: "MDB coin changer behind a Qibixx MDB-USB interface" },
  baud: 115_200,
  goldens: [
    {
      name: "ready to take coins",
      tx: "52 2C 30 46 2C 30 35 0A",
      rx: "70 2C 30 33 30 30 0D 0A",
      expect: { fault: false, diagnosis: "0300" },
      source: "mdb-coin-controller README, EXPANSION SEND DIAG STATUS: 0x0300 is OK; constructed: the line around it",
    },
    {
      name: "its cassette is gone, and coins are inhibited",
      tx: "52 2C 30 46 2C 30 35 0A",
      rx: "70 2C 31 35 30 32 30 36 30 30 0A",
      expect: { fault: true, diagnosis: "1502 0600" },
      source: "constructed: MDB/ICP main codes 15, sub-code 02, and 06, as public readers of MDB list them; no capture was found",
    },
    {
      name: "no changer answers",
      tx: "52 2C 30 46 2C 30 35 0A",
      rx: "70 2C 4E 41 43 4B 0D 0A",
      expect: "refused",
      source: "docs.qibixx.com, Generic Master: p,NACK, the slave did not answer",
    },
    {
      name: "half a code",
      tx: "52 2C 30 46 2C 30 35 0A",
      rx: "70 2C 30 33 30 0D 0A",
      expect: "refused",
      source: "constructed: the first golden without its last digit",
    },
  ],
});
