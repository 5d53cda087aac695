// ---- Finding: by number, message id or reference; and what went wrong lately ----

const TROUBLED = ["failed", "unknown", "undelivered", "expired"];
const LATELY = 50; // so many of all of these does the service note for each key
let search = null; // {by, what, status, next}: what was asked for last, and where its next page begins

async function find(event) {
  event.preventDefault();
  if ($("find-now").disabled) return;
  const what = $("find-what").value.trim(), status = $("find-status").value;
  if (!mayFind(what || TROUBLED.includes(status))) return focusFirstWrong("#find");
  if (!what) return findLately([status]);
  search = { by: meant(what), what, status, next: null };
  forget();
  await findPage();
}

/** True if there is a key that can be asked with, and something to look for. */
function mayFind(said) {
  forgive("find-what");
  forgive("key");
  const fault = keyFault("find messages");
  if (fault) complain("key", fault);
  if (!said) complain("find-what", "Enter a number, a message id or a reference.");
  return !firstWrong("#find");
}

/** What somebody means: digits, and what people write between them, are a number first. */
function meant(what) {
  if (/^msg_\w+$/.test(what)) return "id";
  return /\p{Nd}/u.test(what) && /^[+＋(]?[\p{Nd}\s().\-‐-―/]+$/u.test(what) ? "to" : "reference";
}

/** Empties the list of what was found. */
function forget() {
  lists.found.clear();
  $("found").replaceChildren();
  $("find-said").textContent = "";
  $("find-more").hidden = $("erase-ask").hidden = true;
}

async function findMore() {
  const first = lists.found.size;
  await findPage();
  $("found").children[first]?.querySelector("summary").focus();
}

async function findPage() {
  await asking(async () => {
    if (search.by === "id") return foundById(await ask("GET", messagePath(search.what), undefined, authorized()));
    let answer = await askFor(search.by);
    if (isNoNumber(answer) || isNothing(answer)) answer = await asReference(answer);
    if (answer.ok) found(answer.body);
    else notFound(answer);
  });
}

/** While something is asked for, nothing else is. */
async function asking(work) {
  $("find-now").disabled = $("find-more").disabled = $("find-lately").disabled = true;
  try {
    await work();
  } catch {
    $("find-said").textContent = "No answer arrived. Try again.";
  }
  $("find-now").disabled = $("find-more").disabled = $("find-lately").disabled = false;
}

function askFor(by) {
  const { what, status, next } = search;
  const query = new URLSearchParams({ [by]: what, ...(status && { status }), ...(next && { after: next }) });
  return ask("GET", `messages?${query}`, undefined, authorized());
}

const isNoNumber = ({ status, body }) => search.by === "to" && status === 422 && (body?.errors ?? []).some(({ field }) => field === "to");
const isNothing = ({ ok, body }) => search.by === "to" && !search.next && ok && !body.messages.length && !body.next;

/** A reference may be digits as well; the first answer, if none is found by it. */
async function asReference(answer) {
  if (search.what.startsWith("+")) return answer;
  const other = await askFor("reference");
  search.both = other.ok;
  if (!isNothing(other) && other.ok) search.by = "reference";
  return other.ok && other.body.messages.length ? other : answer;
}

function foundById(answer) {
  if (answer.status === 404) return void ($("find-said").textContent = "No message with this id is known to this key.");
  if (!answer.ok) return notFound(answer);
  list(answer.body, "", "found");
  $("find-said").textContent = "1 message.";
}

function found({ messages, next }) {
  for (const message of messages) list(message, "", "found");
  search.next = next;
  $("find-more").hidden = !next;
  $("erase-ask").hidden = search.by !== "to";
  const what = search.status ? `${search.status} message` : "message";
  $("find-said").textContent = lists.found.size ? `${plural(lists.found.size, what)}${next ? ", and more" : ""}, newest first.` : nothingFound(what);
}

function nothingFound(what) {
  if (search.next) return "None among those looked at so far.";
  if (search.by === "reference") return `No ${what} with this reference is known to this key.`;
  return search.both ? `No ${what} to this number, and none with this reference, is known.` : `No ${what} to this number is known.`;
}

function notFound(answer) {
  const [wrong] = (answer.body?.errors ?? []).filter(({ field }) => ["to", "reference"].includes(field));
  if (answer.status === 401) complain("key", "This API key is not accepted.");
  else if (wrong) complain("find-what", `${capital(wrong.detail)}${search.both ? " No message has it as its reference either." : ""}`);
  else $("find-said").textContent = [whyNot(answer), whenAgain(answer)].filter(Boolean).join(" ");
  focusFirstWrong("#find");
}

/** Lists the latest that came into these states, whoever they went to; each as it stands now. */
async function findLately(states = TROUBLED) {
  if (!mayFind(true)) return focusFirstWrong("#find");
  search = { by: "lately", what: "", status: "", next: null };
  forget();
  await asking(async () => {
    const answers = await Promise.all(states.map((status) => ask("GET", `messages?status=${status}`, undefined, authorized())));
    const refused = answers.find(({ ok }) => !ok);
    if (refused) return notFound(refused);
    const messages = answers.flatMap(({ body }) => body.messages).sort((one, other) => new Date(other.updated_at) - new Date(one.updated_at));
    for (const message of messages.slice(0, LATELY)) list(message, "", "found");
    const what = states.length > 1 ? `${states.slice(0, -1).join(", ")} or ${states.at(-1)}` : states[0];
    $("find-said").textContent = messages.length ? `The last ${lists.found.size} that are ${what}, the last one first.` : `Nothing of this key is ${what}, of what went wrong lately.`;
  });
}

