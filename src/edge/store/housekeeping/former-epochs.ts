/** Forgets former epochs of which the platform holds everything and nothing is stored any more. */
import type { Database } from "../database/sqlite.ts";
import type { Epoch, StreamIndex } from "../stream-index.ts";

/** The newest former epoch stays: the next opening goes on from it. `note`: writes the notes beside the file. */
export async function forgetEpochs(db: Database, index: StreamIndex, current: Epoch, note: () => Promise<void>): Promise<void> {
  const former = [...new Set(index.entries.map(({ epoch }) => epoch))].filter((epoch) => epoch !== current);
  const over = former.slice(0, -1).filter((old) => {
    const entries = index.entries.filter(({ epoch }) => epoch === old);
    return entries.every(({ upTo, head, oldest }) => upTo >= head && oldest > head);
  });
  // The note is written first: an older one still lists these epochs, and the next opening would name their records as lost.
  if (over.length > 0) await note();
  for (const old of over) {
    await db.run("DELETE FROM marks WHERE n = ?", [old.n]);
    await db.run("DELETE FROM epochs WHERE n = ?", [old.n]);
    index.forget(old);
  }
}
