/** Words for people, in Italian and English. */

/** Italian and English text for people. */
export interface Text {
  readonly it: string;
  readonly en: string;
}

/** What happened and the next step, with the names and figures that belong to it. */
export interface Told {
  readonly what: Text;
  readonly next: Text;
}
