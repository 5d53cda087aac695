// ---- Erasing a person ----

/** The number as the journal has it, if a message to it was found. */
const person = () => [...lists.found.values()][0]?.message.to ?? search.what;

function askToErase() {
  $("erase-what").textContent = `All that Herald keeps about ${person()} is removed: every message, its trace and the provider's answers. Texts that reached the phone stay there.`;
  $("erase").showModal();
}

async function erase() {
  $("erase").close();
  const number = person(), fault = keyFault("erase");
  if (fault) return complain("key", fault), focusFirstWrong("#find");
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
  $("find-what").focus();
  for (const entry of [...lists.sent.values()]) if (entry.message.to === number) await poll(entry);
}

