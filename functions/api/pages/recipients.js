// ---- Finding, and erasing ----

let search = null; // {number, status, next}: what was asked for last, and where its next page begins

async function find(event) {
  event.preventDefault();
  if ($("find-now").disabled) return;
  forgive("find-to");
  forgive("key");
  checkKey("find messages");
  if (!$("find-to").value.trim()) complain("find-to", "Enter a number.");
  if (firstWrong("#find")) return focusFirstWrong("#find");
  search = { number: $("find-to").value.trim(), status: $("find-status").value, next: null };
  forget();
  await findPage();
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
  const { number, status, next } = search;
  const query = new URLSearchParams({ to: number, ...(status && { status }), ...(next && { after: next }) });
  $("find-now").disabled = $("find-more").disabled = true;
  try {
    const answer = await ask("GET", `messages?${query}`, undefined, authorized());
    if (answer.ok) found(answer.body);
    else notFound(answer);
  } catch {
    $("find-said").textContent = "No answer arrived. Try again.";
  }
  $("find-now").disabled = $("find-more").disabled = false;
}

function found({ messages, next }) {
  for (const message of messages) list(message, "", "found");
  search.next = next;
  $("find-more").hidden = !next;
  $("erase-ask").hidden = false;
  const what = search.status ? `${search.status} message` : "message";
  $("find-said").textContent = lists.found.size ? `${plural(lists.found.size, what)}${next ? ", and more" : ""}, newest first.` : `No ${what} to this number is known.`;
}

function notFound(answer) {
  const [wrong] = (answer.body?.errors ?? []).filter(({ field }) => field === "to");
  if (answer.status === 401) complain("key", "This API key is not accepted.");
  else if (wrong) complain("find-to", capital(wrong.detail));
  else $("find-said").textContent = whyNot(answer);
  focusFirstWrong("#find");
}

/** The number as the journal has it, if a message to it was found. */
const person = () => [...lists.found.values()][0]?.message.to ?? search.number;

function askToErase() {
  $("erase-what").textContent = `All that Herald keeps about ${person()} is removed: every message, its trace and the provider's answers. Texts that reached the phone stay there.`;
  $("erase").showModal();
}

async function erase() {
  $("erase").close();
  const number = person();
  try {
    const answer = await ask("DELETE", `recipients/${encodeURIComponent(number)}`, undefined, authorized());
    if (!answer.ok) return void ($("find-said").textContent = whyNot(answer));
    await gone(number, answer.body);
  } catch {
    $("find-said").textContent = "No answer arrived. Try again: what is erased already stays so.";
  }
}

async function gone(number, { erased, left }) {
  search.next = null;
  forget();
  if (left) await findPage();
  $("find-said").textContent = `${plural(erased, "message")} erased.${left ? ` ${plural(left, "message")} still under way: erase again afterwards.` : ""}`;
  $("find-to").focus();
  for (const entry of [...lists.sent.values()]) if (entry.message.to === number) await poll(entry);
}

