// The choice about cookies, made smoother: without this script the form reloads the page.
// It also removes what is not allowed (any more) from the browser, and starts the scripts
// that are. What a page may start was settled when it was loaded: its policy says so.

const meta = document.querySelector('meta[name="cookie-choice"]');
// True on the page that follows a choice, and once one was made on this page.
let isFresh = new URLSearchParams(location.search).has("cookie-choice");
const words = (text) => (text || "").split(" ").filter(Boolean);

const isCalled = (name, pattern) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

// Every folder above this page and above the pages that it links to.
function folders() {
  const ours = [...document.links].filter((link) => link.host === location.host);
  const paths = [location.pathname, ...ours.map((link) => link.pathname)];
  const found = paths.flatMap((path) =>
    path.split("/").flatMap((_, i, parts) => {
      const folder = parts.slice(0, i + 1).join("/");
      return [folder || "/", `${folder}/`];
    }),
  );
  return new Set(found);
}

function expireCookie(name) {
  const host = location.hostname.split(".");
  const domains = ["", ...host.map((_, i) => `; domain=${host.slice(i).join(".")}`)];
  // A cookie of such a name that is not secure is refused, an expiring one too.
  const secure = /^__(Secure|Host)-/i.test(name) ? "; Secure" : "";
  for (const domain of domains) {
    for (const path of folders()) {
      document.cookie = `${name}=; max-age=0; path=${path}${domain}${secure}`;
    }
  }
}

async function databaseNames() {
  return indexedDB.databases ? (await indexedDB.databases()).map((one) => one.name) : [];
}

async function clear(patterns) {
  const hits = (name) => patterns.some((pattern) => isCalled(name, pattern));
  const seen = document.cookie.split("; ").map((pair) => pair.split("=")[0]);
  // Cookies of other folders cannot be seen from here; those of a known name still go.
  const known = isFresh ? patterns.filter((pattern) => !pattern.endsWith("*")) : [];
  new Set([...seen.filter(hits), ...known]).forEach(expireCookie);
  for (const store of [localStorage, sessionStorage]) {
    Object.keys(store).filter(hits).forEach((name) => store.removeItem(name));
  }
  (await databaseNames()).filter(hits).forEach((name) => indexedDB.deleteDatabase(name));
}

function start(allowed) {
  for (const held of document.querySelectorAll('script[type="text/plain"][data-consent]')) {
    if (!["essential", ...allowed].includes(held.dataset.consent)) continue;
    const script = document.createElement("script");
    script.async = false; // they run in the order of the page
    script.text = held.text;
    for (const { name, value } of held.attributes) {
      if (name !== "type") script.setAttribute(name, value);
    }
    if (held.dataset.src) script.src = held.dataset.src;
    held.replaceWith(script);
  }
}

// --- The bar ---

function show(bar, word) {
  const said = document.createElement("div");
  said.className = "wrap";
  const status = document.createElement("div");
  status.className = "cookie-words";
  status.setAttribute("role", "status");
  status.tabIndex = -1;
  const hide = bar.querySelector("template[data-hide]").content.cloneNode(true);
  const text = bar.querySelector(`template[data-after="${word}"]`).content.cloneNode(true);
  said.append(status, hide);
  bar.replaceChildren(said);
  // Into the region once it is there, so that it is read out.
  status.append(text);
  bar.querySelector("button").addEventListener("click", () => {
    bar.remove();
    const main = document.getElementById("main");
    main.focus({ preventScroll: true });
  });
  status.focus({ preventScroll: true });
}

async function choose(event) {
  const form = event.target;
  const pressed = event.submitter;
  if (!pressed) return; // sent by the Enter key in some browsers: let the form go
  event.preventDefault();
  const { banner, hash } = form.elements;
  const body = { choice: pressed.value, banner: banner.value, hash: hash.value };
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    show(form.closest("[data-cookie-bar]"), (await answer.json()).after);
    isFresh = true;
    if (body.choice === "reject") await clear(words(meta.dataset.unwanted));
  } catch {
    // The form itself says what went wrong, on a page of its own.
    form.removeEventListener("submit", choose);
    form.requestSubmit(pressed);
  }
}

if (meta) {
  clear(words(meta.dataset.unwanted));
  start(words(meta.content));
  document.querySelector("[data-cookie-form]")?.addEventListener("submit", choose);
}
