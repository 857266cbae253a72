/** What kinds and senses may ask of the calendar and of pushed lists. */
import type { ListNews } from "./told-lists.ts";

/** What changes by time alone and is known outside: opening hours and pushed lists. Absent: nobody knows. */
export interface Answers {
  /** `from` and `to` in epoch ms. */
  hours?(text: string, wall: number): { readonly is: boolean; readonly from: number; readonly to: number } | undefined;
  listed?(
    list: string,
    asset: string,
    wall: number,
  ): { readonly is: boolean; readonly from: number; readonly to: number } | undefined;
  /** Whether that list is older than its sender allows. */
  isStale?(list: string, wall: number): boolean;
  /** From now on answers by what an event told of a list. */
  tell?(news: ListNews): unknown;
  /** The local day, YYYY-MM-DD, and when it ends. */
  day?(wall: number, aheadDays: number): { readonly day: string; readonly to: number } | undefined;
}
