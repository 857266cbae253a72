/** The shape of one code: whether a retry helps, what happened and what to do next, in both languages. */
import type { Text } from "../../model/index.ts";

export interface CodeSpec {
  /** Whether trying again without a change can help. */
  readonly retry: boolean;
  /** What happened. `{name}` is filled from the context, `{count error|errors}` with the form that fits, `{name?}` with nothing where it is not there. */
  readonly what: Text;
  /** What to do next. */
  readonly hint: Text;
}

export type CodeTable = Readonly<Record<string, CodeSpec>>;

type NameIn<Place extends string> = Place extends `${string}?` ? never : Place extends `${infer Name} ${string}` ? Name : Place;

/** The names that a sentence needs: `"lost" | "line"` of `Line {line}: {lost change|changes} lost`. */
export type PlacesIn<Sentence extends string> = Sentence extends `${string}{${infer Place}}${infer Rest}`
  ? NameIn<Place> | PlacesIn<Rest>
  : never;
