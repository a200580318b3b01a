/* The cookie banner for the controller's other sites: one file, no request of its own
   until somebody chooses. consent/embed.py takes out comments and blanks and bakes in
   BAKED_CONFIG (wording, categories, what to clear, their hash) and BAKED_STYLE. Only
   features that are Baseline widely available. No markup is parsed from text and no style
   attribute set, so that a strict Content-Security-Policy of the host holds. */
(() => {
  if (window.consent?.has) return; // the tag was pasted twice
  const { hash, banner, lang, lasts, words, said, categories } = BAKED_CONFIG;
  const tag = document.currentScript;
  const every = categories.map(([key]) => key);
  const from = (path) => new URL(path, tag.src);
  const secure = location.protocol == "https:" ? "; Secure" : "";

  /* --- What the visitor said, in one cookie of the host site ---
     hash.until.receipt.untold.spite.category.category; "until" is when it ends, in
     milliseconds; "untold" is what was pressed, while our server has not recorded it;
     "spite" is ~ when it was said in spite of Global Privacy Control, which otherwise
     outweighs a yes. */
  const signal = navigator.globalPrivacyControl;
  const cookie = document.cookie.match(/(^|; )consent_choice=([^;]*)/)?.[2] || "";
  let [known, until, receipt, untold, spite, ...given] = cookie.split(".");
  // Nothing was said, or of something else, or too long ago.
  if (known != hash || until < Date.now()) {
    until = receipt = "";
    given = [];
  }
  /* A no counts at once, a yes from when it is on record. */
  const has = (key) =>
    key == "essential" || !!(until && !untold && (spite || !signal) && given.includes(key));
  const keep = () => {
    const value = [hash, until, receipt, untold, spite, ...given].join(".");
    const left = ((until - Date.now()) / 1000) | 0;
    document.cookie = `consent_choice=${value}; path=/; max-age=${left}; SameSite=Lax${secure}`;
  };

  /* --- Google Consent Mode, when the tag says data-google ---
     Its queue wants "arguments" objects. What is said at the start goes to the front
     while Google's script is not there yet: "default" is then the first thing it reads,
     wherever the tag stands. */
  function call() {
    return arguments;
  }
  const google = (isStart, ...states) => {
    if (tag.dataset.google == null) return;
    const queue = (window.dataLayer ||= []);
    const calls = states.map((state) =>
      call("consent", state, {
        ad_storage: "denied",
        ad_user_data: "denied",
        ad_personalization: "denied",
        analytics_storage: state == "update" && has("analytics") ? "granted" : "denied",
      }),
    );
    queue[isStart && queue.push == [].push ? "unshift" : "push"](...calls);
  };

  const make = (name, fields, ...content) => {
    const made = Object.assign(document.createElement(name), fields);
    made.append(...content);
    return made;
  };

  /* --- What it does to the page --- */
  const activate = () => {
    for (const held of document.querySelectorAll("[type='text/plain'][data-consent]")) {
      const { nonce, text, dataset } = held;
      if (!has(dataset.consent)) continue;
      // Not "async": they run in the order of the page.
      const script = make("script", { nonce, text, async: false });
      for (const { name, value } of held.attributes)
        if (name != "type") script.setAttribute(name, value);
      if (dataset.src) script.src = dataset.src;
      held.replaceWith(script);
    }
  };

  /* The names, and which of those found they mean: a declared one may end in "*". */
  const meant = (names, found) => [
    ...names,
    ...found.filter((name) =>
      names.some((known) => known == name.slice(0, known.length - 1) + "*"),
    ),
  ];
  /* A cookie goes only with the very domain and path that it came with: all are tried. */
  const clearCookies = (names) => {
    const found = document.cookie.split("; ").map((pair) => pair.split("=")[0]);
    const { pathname, hostname } = location;
    for (const name of meant(names, found))
      for (const step of pathname.matchAll(/(?<=\/)|(?=\/)|$/g))
        for (const label of hostname.matchAll(/(?<=^|\.)|$/g))
          document.cookie = `${name}=; path=${pathname.slice(0, step.index)}; domain=${hostname.slice(label.index)}; max-age=0${secure}`;
  };
  const clearStorage = (names, storage) => {
    for (const name of meant(names, Object.keys(storage))) storage.removeItem(name);
  };
  const clear = async (cookies, local, session, databases) => {
    clearCookies(cookies);
    try {
      clearStorage(local, localStorage);
      clearStorage(session, sessionStorage);
      const found = (await indexedDB.databases?.()) || [];
      for (const name of meant(databases, found.map(({ name }) => name)))
        indexedDB.deleteDatabase(name);
    } catch {} // storage is switched off: then nothing is in it
  };
  /* Also before a choice: a yes may have run out since, or been about something else. */
  const apply = () => {
    for (const [key, , ...clears] of categories) has(key) || clear(...clears);
    activate();
  };
  const act = () => {
    google(false, "update");
    apply();
    dispatchEvent(new CustomEvent("consentchange", { detail: every.filter(has) }));
  };

  /* --- The banner, in a shadow tree: the host's styles end at its edge, and so do ours --- */
  const button = (text, onclick) => make("button", { onclick }, text);
  const host = make("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(BAKED_STYLE);
  root.adoptedStyleSheets = [sheet];

  let opener;
  const hide = () =>
    button(words.hide, () => {
      host.remove();
      opener?.focus();
    });
  const show = (first, ...rest) => {
    first.tabIndex = -1;
    root.replaceChildren(make("section", { ariaLabel: words.heading, lang }, first, ...rest));
    document.body.prepend(host);
    return first;
  };
  /* Tells our server, which answers with the number of the receipt. A choice waits for
     the answer to the one before and goes on under its number. What is refused is dropped,
     and the next page asks again; where the server was too busy or out of reach, and where
     the page was left before the answer came, the next page tells it again. */
  let turn = Promise.resolve();
  const record = (status) => {
    const method = untold;
    const chosen = given;
    turn = turn.finally(async () => {
      try {
        const answer = await fetch(from(`consent/sites/${tag.dataset.site}/choices/`), {
          method: "POST",
          keepalive: true,
          body: JSON.stringify({ hash, banner, method, receipt, categories: chosen }),
        });
        const number = answer.ok && (await answer.json()).receipt;
        receipt = number || receipt;
        if (given != chosen) return keep(); // they have chosen anew since
        if (number) {
          untold = "";
          status?.append(" ", make("a", { href: from("cookies/receipt/") }, words.receipt, number));
        } else if (answer.status < 500 && answer.status != 429) until = 0;
        keep();
      } catch {}
      untold && status?.replaceChildren(words.failed);
      given[0] && act();
    });
  };
  const choose = (method, chosen) => {
    if (given.some((key) => !chosen.includes(key))) method = "withdraw";
    until = Date.now() + lasts;
    untold = method;
    spite = signal ? "~" : "";
    given = [...chosen]; // an array of its own, by which record() knows it
    keep();
    const status = show(make("p", { role: "status" }, said[method]), hide());
    status.focus();
    // The answer is drawn first; what follows from it need not keep the visitor waiting.
    setTimeout(() => {
      every[given.length] && act();
      record(status);
    });
  };
  const ask = () => {
    const boxes = every.map((key) =>
      make("input", { type: "checkbox", checked: has(key) }),
    );
    const more = make(
      "fieldset",
      { hidden: true },
      make("legend", {}, words.manage),
      make("p", {}, words.essential),
      ...categories.map(([, label], i) => make("p", {}, make("label", {}, boxes[i], label))),
      button(words.save, () =>
        choose("choose", every.filter((_, i) => boxes[i].checked)),
      ),
    );
    const manage = button(words.manage, () => {
      more.hidden = !more.hidden;
      manage.ariaExpanded = !more.hidden;
    });
    manage.ariaExpanded = false;
    return show(
      make("h2", {}, words.heading),
      make("p", {}, words.text, " ", make("a", { href: from("cookies/") }, words.more)),
      make(
        "div",
        {},
        button(words.accept, () => choose("accept", every)),
        button(words.reject, () => choose("reject", [])),
        manage,
        opener ? hide() : "",
      ),
      more,
    );
  };

  /* --- From here on it acts --- */
  const open = () => {
    opener = document.activeElement;
    ask().focus();
  };
  window.consent = {
    has,
    open,
    on: (listener) => addEventListener("consentchange", ({ detail }) => listener(detail)),
    receipt: () => receipt,
  };
  addEventListener("click", (event) => {
    if (event.target.closest?.("[data-consent-open]")) {
      event.preventDefault();
      open();
    }
  });
  google(true, "default", ...(until ? ["update"] : []));
  apply();
  addEventListener("DOMContentLoaded", apply);
  /* As soon as there is a body and before it is painted: then nothing on the page has been
     drawn yet that the banner could move. */
  const wait = () => (document.body ? ask() : requestAnimationFrame(wait));
  until ? untold && record() : signal || wait();
})();
