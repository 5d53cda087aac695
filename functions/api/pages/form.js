// ---- The form ----

let attempt = null; // {content, key}: what may have been sent without an answer; the same key never sends it twice

function written() {
  const mapping = {};
  for (const name of FIELDS) {
    const value = name === "body" ? $(name).value : $(name).value.trim();
    if (value) mapping[name] = name === "send_at" ? withOffset(value) : value;
  }
  if (wantsTwins()) mapping.smart = true;
  return mapping;
}

/** The browser's local time as RFC 3339, with the offset that holds there at that moment. */
function withOffset(local) {
  const minutes = -new Date(local).getTimezoneOffset();
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${local.length === 16 ? `${local}:00` : local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function complain(name, text) {
  $(name).setAttribute("aria-invalid", "true");
  $(`${name}-error`).textContent = text;
}

function forgive(name) {
  $(name).removeAttribute("aria-invalid");
  $(`${name}-error`).textContent = "";
}

/** The first field that is wrong in a form, or the key; null if all is well. */
const firstWrong = (form = "#form") => document.querySelector(`${form} [aria-invalid], #key[aria-invalid]`);

function focusFirstWrong(form) {
  const wrong = firstWrong(form);
  if (wrong?.closest("#more")) $("more").open = true;
  wrong?.focus();
}

function trouble(...lines) {
  $("trouble").replaceChildren(...lines.filter(Boolean).map((line) => element("p", "", line)));
}

function clearComplaints() {
  for (const name of [...FIELDS, "key"]) forgive(name);
  trouble();
  latest = ""; // what becomes of the message before is told in the list alone
  $("result").textContent = "";
}

/** True if everything is there that no send can do without. */
function complete() {
  const fault = keyFault("send");
  if (fault) complain("key", fault);
  if (!$("to").value.trim()) complain("to", "Enter a number.");
  if (!$("body").value.trim()) complain("body", "Write a text.");
  return !firstWrong();
}

async function send(event) {
  event.preventDefault();
  if ($("send").disabled) return;
  clearComplaints();
  unexplain();
  if (!complete()) return focusFirstWrong();
  const content = JSON.stringify(written());
  if (attempt?.content !== content) attempt = { content, key: crypto.randomUUID() };
  const text = $("body").value;
  const focused = document.activeElement;
  busy(true);
  try {
    const answer = await ask("POST", "messages", content, { ...authorized(), "Idempotency-Key": attempt.key });
    if (answer.status < 500 && !UNPROVEN.has(answer.status)) attempt = null;
    busy(false);
    if (answer.ok) sent(answer.body, text);
    else refused(answer, text);
    if (!$("handset").hidden) look();
  } catch {
    busy(false);
    trouble("No answer arrived. Try again: it is the same message, and is not sent twice.");
  }
  if (document.activeElement === document.body) focused.focus();
}

function busy(now) {
  $("send").disabled = now;
  $("send").textContent = now ? "Sending…" : attempt ? "Try again" : "Send";
}

function sent(message, text) {
  list(message, text);
  $("body").value = $("send_at").value = "";
  count();
  latest = message.id;
  conclude(message);
}

let latest = ""; // the message whose outcome is said beside the button

/** Says what became of a message beside the button; not where it says that another one was refused. */
function conclude(message) {
  if (!$("trouble").textContent && !firstWrong()) $("result").textContent = outcome(message);
}

function outcome(message) {
  const { status, channel, to } = message;
  if (status === "scheduled") return `Scheduled for ${to}.`;
  if (status === "canceled") return `Canceled the message to ${to}.`;
  const took = transit(message);
  return `${capital(status)}${channel ? ` by ${channel}` : ""} to ${to}${took ? ` ${took}` : ""}.`;
}

/** How long a delivered message was on its way. Some providers give whole seconds only, and by a clock of their own. */
function transit({ status, sent_at, delivered_at }) {
  if (status !== "delivered" || !sent_at || !delivered_at) return "";
  const ms = Math.max(0, new Date(delivered_at) - new Date(sent_at));
  if (new Date(delivered_at).getUTCMilliseconds()) return `after ${lasted(ms)}`;
  return `after about ${ms < 59_000 ? `${Math.ceil(ms / 1000) || 1}\u00a0s` : lasted(ms)}`;
}

const readable = (code) => capital(code.replaceAll("_", " "));
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/** Which limit it is that a message would exceed; empty if it is none. */
const limitNamed = ({ code = "" }) => (code.startsWith("limit_") ? `The limit: ${code.slice(6).replaceAll("_", " ")}.` : "");

function refused({ status, body, headers }, text) {
  const problem = body ?? {};
  if (problem.message?.id) list(problem.message, text);
  if (status === 401 || (status === 403 && [undefined, "forbidden"].includes(problem.code))) complain("key", "This API key is not accepted.");
  const elsewhere = [];
  for (const { field, detail } of problem.errors ?? []) {
    const name = field === "subject" ? "body" : field;
    if (FIELDS.includes(name)) complain(name, capital(detail));
    else elsewhere.push(field ? `${field}: ${detail}` : detail);
  }
  const blamed = { recipient: "to", sender: "sender" }[problem.message?.reason?.who];
  if (blamed) complain(blamed, problem.detail);
  const limit = [limitNamed(problem), whenAgain({ headers })];
  if (elsewhere.length) trouble(...elsewhere, limit[0], problem.hint, limit[1]);
  else if (limit.some(Boolean) && firstWrong()) trouble(limit[0] || whyNot({ status, body }), problem.hint, limit[1]);
  else if (!firstWrong()) trouble(whyNot({ status, body }), problem.hint, limit[1]);
  focusFirstWrong();
}

