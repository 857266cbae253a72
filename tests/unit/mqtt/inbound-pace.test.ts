/** However many messages wait on a socket, only so many are under way at once, and none is forgotten. */

import { expect, it } from "vitest";
import { InboundPace } from "../../../src/mqtt/inbound-pace.ts";
import fc from "../../support/property.ts";

it("never more are under way than may be, in whatever order they are done with", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(5), { maxLength: 40 }), async (most, delays) => {
      const pace = new InboundPace(most);
      let underWay = 0;
      let seen = 0;
      let highest = 0;
      const done: Promise<void>[] = [];
      await new Promise<void>((resolve) => {
        const read = (): void => {
          const wait = delays[seen];
          if (wait === undefined) {
            resolve();
            return;
          }
          seen += 1;
          underWay += 1;
          highest = Math.max(highest, underWay);
          const work = (async () => {
            for (let i = 0; i < wait; i += 1) await new Promise(setImmediate);
            underWay -= 1;
          })();
          done.push(work);
          pace.take(work, read);
        };
        read();
      });
      await Promise.all(done);
      expect(seen).toBe(delays.length);
      expect(highest).toBeLessThanOrEqual(most);
    }),
    { numRuns: 100 },
  );
});
