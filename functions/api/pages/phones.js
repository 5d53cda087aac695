// ---- Phones ----

const phones = new Map(); // number -> {item, thread, counted, shown, last, from}; shown: id -> {mark, receipt}
let lookAgain = 0;
let patience = 1000;

function phoneOf(number) {
  if (phones.has(number)) return phones.get(number);
  const thread = element("div", "thread");
  thread.tabIndex = 0;
  thread.setAttribute("role", "log");
  thread.setAttribute("aria-label", `Texts on ${number}`);
  const counted = element("p");
  const screen = element("div", "screen", element("div", "owner", element("h3", "", number), counted), thread);
  const phone = { item: element("article", "phone", screen), thread, counted, shown: new Map(), last: "", from: undefined };
  phone.item.setAttribute("aria-label", `Phone ${number}`);
  phones.set(number, phone);
  return phone;
}

function put(phone, text) {
  const from = text.from ?? "No sender id";
  const mark = element("span");
  const by = element("p", "by", timeElement(text.at, clock), ` · ${text.provider} `, mark);
  const bubble = element("div", "text new", ...(from === phone.from ? [] : [element("p", "from", from)]), element("p", "words", text.body), by);
  phone.thread.append(bubble);
  phone.shown.set(text.id, { mark });
  phone.last = text.at;
  phone.from = from;
}

const RECEIPTS = { sent: "sent", delivered: "delivered", unknown: "unknown", undelivered: "undelivered", failed: "failed", "failed-dnd": "failed", failed_dnd: "failed" };

/** Ticks by the carrier's own word; a word that has no tick is shown as it is. */
function markReceipt(known, receipt) {
  if (known.receipt === receipt) return;
  known.receipt = receipt;
  const status = receipt === null ? "sent" : RECEIPTS[receipt.toLowerCase()];
  known.mark.replaceChildren(status ? tick(status, receipt ?? "no receipt yet") : receipt);
  known.mark.dataset.status = status ?? "unknown";
}

function show(texts) {
  const there = new Set(texts.map((text) => text.id));
  for (const [number, phone] of phones) {
    if ([...phone.shown.keys()].every((id) => there.has(id))) continue;
    phone.item.remove();
    phones.delete(number);
  }
  for (const text of texts) {
    const phone = phoneOf(text.to);
    if (!phone.shown.has(text.id)) put(phone, text);
    phone.counted.textContent = plural(phone.shown.size, "text");
    markReceipt(phone.shown.get(text.id), text.receipt ?? null);
  }
  const inOrder = [...phones.values()].sort((a, b) => b.last.localeCompare(a.last));
  inOrder.forEach(({ item, thread }, place) => {
    if ($("phones").children[place] !== item) $("phones").insertBefore(item, $("phones").children[place]);
    thread.scrollTop = thread.scrollHeight;
  });
  $("phones").scrollLeft = 0;
  $("blank").hidden = texts.length > 0;
  $("clear").hidden = texts.length === 0;
}

let shown = "";

async function look() {
  clearTimeout(lookAgain);
  if (document.hidden) return;
  try {
    const answer = await ask("GET", "carrier/messages");
    if (!answer.ok) throw new Error("no list");
    const list = JSON.stringify(answer.body);
    if (list !== shown) show(answer.body);
    shown = list;
    patience = 1000;
    $("lost").textContent = "";
  } catch {
    patience = Math.min(patience * 2, 16_000);
    $("lost").textContent = "The carrier does not answer. Trying again…";
  }
  clearTimeout(lookAgain);
  lookAgain = setTimeout(look, patience);
}

async function clear() {
  try { await ask("DELETE", "carrier/messages"); } catch { /* the next look tells */ }
  await look();
  $("to").focus();
}

