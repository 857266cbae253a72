/** The asset kinds that a configuration may name, one line each. */

export { camera } from "./camera/index.ts";
export { charger } from "./charger/index.ts";
export { defibrillator } from "./defibrillator/index.ts";
export { parkingBay } from "./parking-bay/index.ts";
export { parkingGroup } from "./parking-group/index.ts";
export { payStation } from "./pay-station.ts";
export { beacon } from "./radio-beacon.ts";
