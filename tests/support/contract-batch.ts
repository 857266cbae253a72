/** The batch of readings that the contract shows: what a store makes of six records, and what a platform must take. */
export const contractBatch = {
  v: 1,
  epoch: "01K00000000000000000000000",
  cat: "9f3c01aa",
  from: 1201,
  to: 1206,
  mono0: 812_345,
  t0: 1_764_000_000_000,
  clock: "synced",
  points: [
    ["meter-hall", "power", "W"],
    ["bay-014", "status", ""],
  ],
  rows: [
    [0, 0, 412.5],
    [250, 0, 413.1],
    [300, 1, "occupied"],
    [1000, 0, null, "bad", "bus.timeout"],
    [1250, 0, 413],
    [1500, 0, 412.9],
  ],
};
