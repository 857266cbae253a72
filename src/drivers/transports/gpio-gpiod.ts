/** stub */
import type { GpioSpec } from "../buses.ts";
import type { GpioChip } from "../driver.ts";
export async function gpiodChip(_spec: GpioSpec): Promise<GpioChip> {
  throw new Error("todo");
}
