/**
 * A font of 5 × 7 pixels, drawn for the Test card. Each glyph is seven rows of five bits, the
 * leftmost pixel in the highest bit, as base-32 digits (0–9, a–v).
 */
const GLYPHS: Record<string, string> = {
  " ": "0000000",
  "!": "4444404",
  "%": "op248j3",
  "(": "2488842",
  ")": "8422248",
  "*": "04lel40",
  "+": "044v440",
  ",": "0000648",
  "-": "000v000",
  ".": "00000cc",
  "/": "01248g0",
  "0": "ehjlphe",
  "1": "4c4444e",
  "2": "eh1248v",
  "3": "v2421he",
  "4": "26aiv22",
  "5": "vgu11he",
  "6": "68guhhe",
  "7": "v124888",
  "8": "ehhehhe",
  "9": "ehhf12c",
  ":": "0cc0cc0",
  "=": "00v0v00",
  "?": "eh12404",
  "A": "ehhvhhh",
  "B": "uhhuhhu",
  "C": "ehggghe",
  "D": "sihhhis",
  "E": "vggsggv",
  "F": "vggsggg",
  "G": "ehgnhhf",
  "H": "hhhvhhh",
  "I": "e44444e",
  "J": "72222ic",
  "K": "hikokih",
  "L": "ggggggv",
  "M": "hrllhhh",
  "N": "hhpljhh",
  "O": "ehhhhhe",
  "P": "uhhuggg",
  "Q": "ehhhlid",
  "R": "uhhukih",
  "S": "fgge11u",
  "T": "v444444",
  "U": "hhhhhhe",
  "V": "hhhhha4",
  "W": "hhhllla",
  "X": "hha4ahh",
  "Y": "hhha444",
  "Z": "v1248gv",
  "_": "000000v",
  "×": "00ha4ah",
  "°": "cic0000",
};

export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;
/** Pixels from one character to the next. */
export const GLYPH_ADVANCE = 6;

const UNKNOWN = "vhhhhhv";

/** The seven rows of a character; lower case is shown as upper case, unknown ones as a box. */
export function glyphRows(character: string): number[] {
  const rows = GLYPHS[character] ?? GLYPHS[character.toUpperCase()] ?? UNKNOWN;
  return [...rows].map((digit) => parseInt(digit, 32));
}

/** Pixels a text takes at `scale`, without the gap after its last character. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, [...text].length * GLYPH_ADVANCE - 1) * scale;
}
