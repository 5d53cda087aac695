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

/** What a typewriter has for typographic characters, as the service's own table says. */
const TWINS = new Map(Object.entries({
  "'": "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u00b4`", '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
  " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", "...": "\u2026", "": "\u200b\u2060\ufeff",
}).flatMap(([twin, characters]) => [...characters].map((character) => [character, twin])));

function smart(text) {
  const plain = [...text].map((c) => TWINS.get(c) ?? c).join("");
  return measure(plain).segments <= measure(text).segments ? plain : text;
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

