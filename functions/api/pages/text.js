// ---- How a text travels: 160 characters of GSM-7, or 70 of UCS-2; a little fewer in each part of a longer one ----

const ONE = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const TWO = new Set("\f^{}\\[~]|€");

/** {encoding, segments, characters, used, space, forcing}: `used` of the `space` of the last segment. */
function measure(text) {
  const characters = [...text];
  const forcing = [...new Set(characters.filter((c) => !ONE.has(c) && !TWO.has(c)))];
  const [encoding, alone, part] = forcing.length ? ["UCS-2", 70, 67] : ["GSM-7", 160, 153];
  const sizes = characters.map((c) => (forcing.length ? c.length : TWO.has(c) ? 2 : 1));
  const length = sizes.reduce((sum, size) => sum + size, 0);
  if (length <= alone) return { encoding, segments: 1, characters: characters.length, used: length, space: alone, forcing };
  let segments = 1, used = 0;
  for (const size of sizes) {
    if (used + size > part) { segments += 1; used = 0; }
    used += size;
  }
  return { encoding, segments, characters: characters.length, used, space: part, forcing };
}

/** What people write for characters that GSM-7 has not, and Unicode no compatible form of: as the service's own table says. */
const TWINS = new Map(Object.entries({
  "'": "\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u00b4`\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u275b\u275c\u0313\u0314",
  "\"": "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u02ba\u02ee\u275d\u275e\u301d\u301e\u301f",
  "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u2043\u23bc\u23bd", ",": "\u3001\u0326", ".": "\u3002\u00b7", ":": "\u02d0\u02f8\u2982\ua789",
  ";": "\u204f", "!": "\u01c3", "/": "\u00f7\u2044\u2215\u29f8\u0337\u0338", "\\": "\u29f5\u29f9\u20e5",
  "|": "\u2223\u23b8\u23b9\u23d0\u239c\u239f\u20d2\u20d3", "_": "\u0332\u2017", "^": "\u02c6\u0302\u1dcd", "~": "\u02dc\u02f7\u223c\u0303\u0330\u0334",
  "+": "\u02d6", "=": "\ua78a\u0347", "(": "\u2768\u276a\u27ee\u2985", ")": "\u2769\u276b\u27ef\u2986", "{": "\u2774", "}": "\u2775",
  "*": "\u204e\u2217\u229b\u2722\u2723\u2724\u2725\u2731\u2732\u2733\u273a\u273b\u273c\u273d\u2743\u2749\u274a\u274b\u29c6", "x": "\u00d7",
  "+/-": "\u00b1", "(c)": "\u00a9", "(R)": "\u00ae", "\n": "\u2028\u2029", " ": "\t\u2800\u3164\uffa0",
}).flatMap(([twin, characters]) => [...characters].map((character) => [character, twin])));
[..."ABCDEFGHIJKLMNOPRSTUVWYZ"].forEach((letter, at) => TWINS.set("\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22"[at], letter));

const POWER = /[\u00b2\u00b3\u00b9\u2070-\u208e]/;
const CIRCLED = /[\u2460-\u2473\u24b6-\u24ea\u3251-\u325f\u32b1-\u32bf\u{1f12b}-\u{1f12e}]/u;
const APART = /(?<=[\p{Nd}\u00bc-\u00be\u2150-\u215e\u2189])(?=[\u00bc-\u00be\u2150-\u215f\u2189])|(?<=[\u00bc-\u00be\u2150-\u215e\u2189])(?=\p{Nd})/gu;
const inGsm = (text) => [...text].every((c) => ONE.has(c) || TWO.has(c));

/** A character in GSM-7, if it has a twin or a compatible form there; else itself. */
function twin(c) {
  if (inGsm(c) || POWER.test(c)) return c;
  if (TWINS.has(c)) return TWINS.get(c);
  if (/\p{Zs}/u.test(c)) return " ";
  if (/\p{Cc}|\p{Default_Ignorable_Code_Point}/u.test(c)) return "";
  const form = [...c.normalize("NFKC").replace(/^ +/, "")].map((part) => TWINS.get(part) ?? part).join("");
  if (!form || !inGsm(form)) return c;
  return CIRCLED.test(c) ? `(${form})` : form;
}

/** The text in GSM-7, if all of it can be; else as it is, with letters and their accents as one where that is shorter. */
function smart(text) {
  if (inGsm(text)) return text;
  const composed = text.normalize("NFC"), plain = [...composed.replace(APART, " ")].map(twin).join("");
  const written = measure(text).segments;
  if (inGsm(plain) && measure(plain).segments <= written) return plain;
  return composed.length < text.length && measure(composed).segments <= written ? composed : text;
}

/** A character, or its number where nobody would see it. */
const visible = (c) => (/[\p{Z}\p{C}]/u.test(c) ? `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : c);

const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

const wantsTwins = () => $("smart").checked && !$("smart-row").hidden;

function count() {
  const text = $("body").value, plain = smart(text), would = measure(plain);
  $("smart-row").hidden = plain === text || would.encoding !== "GSM-7";
  if (!$("smart-row").hidden) $("smart-gain").textContent = `${plural(would.segments, "segment")}, GSM-7`;
  const m = wantsTwins() ? would : measure(text);
  $("space").max = m.space;
  $("space").value = m.used;
  if (!m.characters) return $("count").replaceChildren("160 characters fit into one segment, 70 with emoji.");
  const line = [element("span", "", `${plural(m.characters, "character")} · `, element("b", "", plural(m.segments, "segment")), ` · ${m.encoding}`)];
  if (m.forcing.length) line.push(element("span", "", `${m.forcing.slice(0, 5).map(visible).join(" ")}${m.forcing.length > 5 ? " …" : ""} not in GSM-7`));
  $("count").replaceChildren(...line);
}

