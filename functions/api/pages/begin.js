// ---- Beginning ----

function offer(channels) {
  if (channels) return $("channel").append(...channels.map((name) => element("option", "", name)));
  const input = element("input"); // a stage that keeps its channels' names to itself: they can be written
  Object.assign(input, { id: "channel", name: "channel", placeholder: "Automatic", autocomplete: "off", spellcheck: false });
  input.setAttribute("aria-describedby", "channel-error");
  $("channel").replaceWith(input);
}

async function begin() {
  $("key").value = sessionStorage.getItem("herald-key") ?? "";
  let health = null;
  try { health = (await ask("GET", "health")).body; } catch { /* said below */ }
  const local = health?.stage === "local";
  document.documentElement.classList.toggle("local", local);
  $("handset").hidden = !local;
  if (!health?.stage) trouble("The service does not answer.");
  else {
    $("stage").textContent = health.stage;
    $("stage").hidden = false;
    $("version").textContent = health.version ? `Herald ${health.version}` : "";
  }
  $("lead").hidden = local;
  $("lead").textContent = "Texts go to real phones, and cost money. On a laptop (stage local) this page also shows the phones.";
  offer(health?.channels);
  if (local) {
    look();
    offerFates();
    countUp();
    try {
      const answer = await ask("GET", "local");
      if (answer.ok) $("key").value = answer.body.key;
    } catch { /* the key can be pasted */ }
  }
  lookAtChannels();
  try { await recall(); } catch { /* they are not listed, and still there */ }
  follow();
}

$("send_at").title = `In the time of ${ZONE}`;
$("contract").href = `${BASE}openapi.json`;
$("form").addEventListener("submit", send);
$("form").addEventListener("input", ({ target }) => { if (target.id) forgive(target.id); unexplain(); });
$("explain").addEventListener("click", explain);
$("key").addEventListener("input", () => { forgive("key"); sessionStorage.setItem("herald-key", $("key").value.trim()); });
$("key").addEventListener("change", () => {
  const fault = keyFault("send");
  if ($("key").value.trim() && fault) complain("key", fault);
  lookAtChannels();
});
$("body").addEventListener("input", count);
$("smart").addEventListener("change", count);
$("body").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) $("form").requestSubmit();
});
$("clear").addEventListener("click", clear);
$("find-status").append(...STATUSES.map((status) => new Option(capital(status), status)));
$("find").addEventListener("submit", find);
$("find-what").addEventListener("input", () => forgive("find-what"));
$("find-lately").addEventListener("click", () => findLately());
$("find-more").addEventListener("click", findMore);
$("erase-ask").addEventListener("click", askToErase);
$("erase-no").addEventListener("click", () => $("erase").close());
$("erase-yes").addEventListener("click", erase);
document.addEventListener("visibilitychange", () => {
  lookAtChannels();
  if ($("handset").hidden) return;
  look();
  countUp();
});
count();
begin();
