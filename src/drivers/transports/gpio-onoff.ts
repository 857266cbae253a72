/** stub */
import type { GpioSpec } from "../buses.ts";
import type { GpioChip } from "../driver.ts";
export async function onoffChip(_spec: GpioSpec): Promise<GpioChip> {
  throw new Error("todo");
}
