/** What may be written of one register in a table of the configuration, and what of it contradicts itself. */
import * as z from "zod";
import type { Decode, RegisterValue } from "../../../driver.ts";
import type { limits } from "../../options.ts";
import { isFloat, unsayable, widthOf } from "../decodes.ts";
import { spanOf } from "../registers.ts";

/** In one reply (Modbus Application Protocol V1.1b3, 6.3). */
export const MOST_REGISTERS = 125;

export const address = () => z.int().min(0).max(65_535);

const DECODES = [
  ...["bool", "uint16", "int16", "uint32", "int32", "float32", "uint64", "int64", "float64"],
  ...["uint48", "int48", "uint8", "int8", "bcd16", "bcd32", "bcd48", "bcd64", "text"],
] as readonly string[] as readonly [Decode, ...Decode[]];

/** What other documents and programs call these types. */
const OTHER_NAMES: readonly (readonly [Decode, string])[] = [
  ["bool", "boolean bit"],
  ["uint16", "u16 word enum16 bitfield16"],
  ["int16", "i16 s16 sint16 sunssf"],
  ["uint32", "u32 dword acc32 bitfield32"],
  ["int32", "i32 s32 sint32"],
  ["uint48", "u48"],
  ["int48", "i48 s48 sint48"],
  ["uint64", "u64 acc64"],
  ["int64", "i64 s64 sint64"],
  ["float32", "f32 real real32 single float"],
  ["float64", "f64 real64 double"],
  ["text", "string str ascii char"],
];
const TYPE_OF_OTHER_NAME: ReadonlyMap<string, Decode> = new Map(
  OTHER_NAMES.flatMap(([type, names]) => names.split(" ").map((name) => [name, type])),
);

function typeMeant(written: string): string | undefined {
  const type = TYPE_OF_OTHER_NAME.get(written);
  return type && `expected ${type}`;
}

/** The place of each byte of a number as documents write it, the most significant being 1 or A: order of the words, and of the bytes in each. */
const ORDERS = {
  "1234": {},
  "3412": { words: "low-first" },
  "2143": { bytes: "low-first" },
  "4321": { words: "low-first", bytes: "low-first" },
} as const satisfies Readonly<Record<string, Pick<RegisterValue, "words" | "bytes">>>;
const LETTERS = { ABCD: "1234", CDAB: "3412", BADC: "2143", DCBA: "4321" } as const;

export function orderOf({ order, words }: Pick<Register, "order" | "words">): Pick<RegisterValue, "words" | "bytes"> {
  if (order === undefined) return words === undefined ? {} : { words };
  return ORDERS[LETTERS[order as keyof typeof LETTERS] ?? (String(order) as keyof typeof ORDERS)];
}

/** Which registers, and how they make a value. */
export const place = () => ({
  fc: z
    .literal([2, 3, 4], {
      error: ({ input }) => (input === 1 ? "expected coil: ADDRESS, for what function 1 reads" : undefined),
    })
    .describe("Function that reads it: 2 discrete input, 3 holding register, 4 input register."),
  address: address().describe("Address as on the bus, from 0 (documents that begin with 30001 or 40001 count from 1)."),
  decode: z
    .enum(DECODES, { error: ({ input }) => typeMeant(String(input)) })
    .prefault("uint16")
    .describe(
      "How the registers make a value. bcd: a decimal digit for each four bits; text: two ASCII characters for each register.",
    ),
  words: z
    .enum(["high-first", "low-first"])
    .optional()
    .describe("Order of the registers of a wider number; default: high-first."),
  order: z
    .literal([1234, 3412, 2143, 4321, "ABCD", "CDAB", "BADC", "DCBA"])
    .optional()
    .describe(
      "Order of the bytes instead of `words`, as documents write it: 1234 or ABCD is high-first, 3412 or CDAB low-first, 2143 and 4321 the same with the bytes of each register exchanged. For numbers of any width, and for text.",
    ),
  count: z.int().min(1).max(MOST_REGISTERS).optional().describe("Registers of a text, two characters each."),
  byte: z.enum(["high", "low"]).optional().describe("Which byte of the register uint8 and int8 are; default: low."),
  bit: z.int().min(0).max(31).optional().describe("This bit alone, from 0, the least significant: the value is true or false."),
  mask: z
    .int()
    .min(1)
    .max(0xffff_ffff)
    .optional()
    .describe("These bits alone, moved down so that the lowest is bit 0: 0x1A34 under 0x00F0 is 3."),
  map: z
    .record(z.string().regex(/^-?\d+$/, { error: "expected a whole number" }), z.string().min(1).max(64))
    .refine((map) => Object.keys(map).length > 0, { error: "expected at least one number with its word" })
    .optional()
    .describe("What each number means, as a word: 2: charging. Any other number is told as it is, and doubtful."),
  scale: z
    .number()
    .prefault(1)
    .refine((scale) => scale !== 0, { error: "expected a number other than 0" })
    .describe("Value = number × scale + offset."),
  offset: z.number().prefault(0).describe("What is added after the scale."),
  scaleFrom: address()
    .optional()
    .describe(
      "Address, for the same function, of a power of ten that the number is multiplied by too, as SunSpec has it: -1 is × 0.1. It is read in the same request, with whatever lies between; without it there is no value.",
    ),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([smallest, largest]) => smallest <= largest, { error: "expected the smaller number first" })
    .optional()
    .describe("Smallest and largest possible value; what is outside is bad. Default: what the unit can be."),
  absent: z
    .array(z.number())
    .optional()
    .describe("Numbers of the whole registers, before `mask` and `scale`, by which the device says that there is no value."),
});

const placed = z.object(place());
export type Register = z.output<typeof placed> & {
  readonly unit: string;
  readonly kind?: "gauge" | "counter" | "state" | undefined;
  readonly writable: boolean;
  readonly writeWith?: 6 | 16 | undefined;
  readonly limits?: z.output<ReturnType<typeof limits>>;
};

export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
}
export const complaintIf = (isWrong: boolean, expected: string, ...path: readonly PropertyKey[]): readonly Complaint[] =>
  isWrong ? [{ path, expected }] : [];

type Kinded = Pick<RegisterValue, "fc" | "decode"> & { readonly bit?: number | undefined; readonly map?: object | undefined };

/** A discrete input is true or false, whatever else is written; so is one bit. */
export const isBool = ({ fc, decode, bit }: Kinded): boolean => fc === 2 || decode === "bool" || bit !== undefined;
export const isWords = ({ decode, map }: Omit<Kinded, "fc">): boolean => decode === "text" || map !== undefined;

export function contradictions(point: Register): readonly Complaint[] {
  if (point.fc === 2 || point.decode === "bool") return notForBool(point);
  return [
    ...orderSaidTwice(point),
    ...wrongParts(point),
    ...(point.bit === undefined ? [] : onlyForNumbers(point, "a bit is true or false")),
    ...(isWords(point) ? onlyForNumbers(point, "its value is a word") : []),
    ...wrongText(point),
    ...wrongScaleFrom(point),
    ...absentThatCannotBe(point),
  ];
}

/** Options that make sense only for numbers. One that is written with its default value changes nothing, so it passes like one left out. */
function onlyForNumbers({ scale, offset, unit, range, limits, kind }: Register, why: string): readonly Complaint[] {
  const none = `none: ${why}`;
  return [
    ...complaintIf(kind !== undefined && kind !== "state", `state: ${why}`, "kind"),
    ...complaintIf(scale !== 1, none, "scale"),
    ...complaintIf(offset !== 0, none, "offset"),
    ...complaintIf(unit !== "1" && unit !== "", none, "unit"),
    ...complaintIf(range !== undefined, none, "range"),
    ...complaintIf(limits?.min !== undefined, none, "limits", "min"),
    ...complaintIf(limits?.max !== undefined, none, "limits", "max"),
  ];
}

function notForBool(point: Register): readonly Complaint[] {
  const { fc, decode, absent } = point;
  const why = "a bool is true or false";
  return [
    ...complaintIf(decode !== "bool" && decode !== "uint16" && fc === 2, "bool: a discrete input is true or false", "decode"),
    ...onlyForNumbers(point, why),
    ...(["bit", "mask", "map", "byte", "count", "order", "words", "scaleFrom"] as const).flatMap((key) =>
      complaintIf(point[key] !== undefined && !(key === "words" && fc !== 2), `none: ${why}`, key),
    ),
    ...complaintIf(absent !== undefined, "none: a bool always has a value", "absent"),
  ];
}

const orderSaidTwice = ({ order, words }: Register): readonly Complaint[] =>
  complaintIf(order !== undefined && words !== undefined, "none: `order` says the order of the words too", "words");

/** Bits and masks are of whole numbers without a sign; a byte is of two types alone. */
function wrongParts({ decode, bit, mask, map, byte, count, writable, writeWith }: Register): readonly Complaint[] {
  const bits = decode === "uint16" ? 16 : decode === "uint32" ? 32 : 0;
  const plain = "uint16 or uint32, whose bits are what they are";
  return [
    ...complaintIf((bit !== undefined || mask !== undefined) && bits === 0, plain, "decode"),
    ...complaintIf(bits > 0 && bit !== undefined && bit >= bits && bit <= 31, `at most ${bits - 1}`, "bit"),
    ...complaintIf(
      bits > 0 && mask !== undefined && mask >= 2 ** bits,
      `at most 0x${"F".repeat(bits / 4)}, which is what ${decode} holds`,
      "mask",
    ),
    ...complaintIf(bit !== undefined && mask !== undefined, "none: `bit` names the one bit", "mask"),
    ...complaintIf(bit !== undefined && map !== undefined, "none: a bit is true or false; a mask of one bit has words", "map"),
    ...complaintIf(
      map !== undefined && isFloat(decode),
      "a whole number such as uint16: words stand for whole numbers",
      "decode",
    ),
    ...complaintIf(byte !== undefined && decode !== "uint8" && decode !== "int8", "none: uint8 and int8 are one byte", "byte"),
    ...complaintIf(writable && isPartOfRegister({ bit, mask, decode }), "false: only whole registers can be written", "writable"),
    ...complaintIf(writeWith === 6 && widthOf({ decode, count }) > 1, "16: function 6 writes one register", "writeWith"),
    ...complaintIf(writable && isWords({ decode, map }), "false: only numbers, true and false can be written", "writable"),
  ];
}

export const isPartOfRegister = ({ bit, mask, decode }: Omit<Kinded, "fc"> & { readonly mask?: number | undefined }): boolean =>
  bit !== undefined || mask !== undefined || decode === "uint8" || decode === "int8";

function wrongText({ decode, count, absent, map }: Register): readonly Complaint[] {
  if (decode !== "text") return complaintIf(count !== undefined, "none: only a text has a length of its own", "count");
  return [
    ...complaintIf(count === undefined, "how many registers the text has", "count"),
    ...complaintIf(absent !== undefined, "none: a text of FF bytes is no value", "absent"),
    ...complaintIf(map !== undefined, "none: its value is a word", "map"),
  ];
}

function wrongScaleFrom(point: Register): readonly Complaint[] {
  const { scaleFrom, address, decode, mask, map, writable } = point;
  if (scaleFrom === undefined) return [];
  const isInside = scaleFrom >= address && scaleFrom < address + widthOf(point);
  return [
    ...complaintIf(isFloat(decode), "none: a float has its power of ten in itself", "scaleFrom"),
    ...complaintIf(
      isBool(point) || isWords({ decode, map }) || mask !== undefined,
      "none: only a quantity has a scale",
      "scaleFrom",
    ),
    ...complaintIf(isInside, "another register than the value's own", "scaleFrom"),
    ...complaintIf(writable, "false: a value whose scale is the device's affair is only read", "writable"),
  ];
}

/** Both must be in one reply, or one may be of another moment than the other. */
export const isScaleTooFar = (
  point: Pick<Register, "address" | "decode" | "count" | "scaleFrom">,
  maxRegisters: number,
): boolean => point.scaleFrom !== undefined && point.scaleFrom <= 65_535 && spanOf(point).quantity > maxRegisters;

function absentThatCannotBe({ absent = [], decode }: Register): readonly Complaint[] {
  if (decode === "bool" || decode === "text") return [];
  return absent.flatMap((number, i) => {
    const expected = unsayable(number, decode);
    return expected === undefined ? [] : [{ path: ["absent", i], expected }];
  });
}

export const isBeyondLast = (point: Pick<Register, "fc" | "address" | "decode" | "count">): boolean =>
  point.address + (point.fc === 2 ? 1 : widthOf(point)) > 65_536;
