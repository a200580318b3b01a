// A box that narrows a page down to the entries with a word. Without it the page is whole.
"use strict";

(() => {
  const rows = document.querySelectorAll(".rows > li");
  if (rows.length < 2) return;

  const label = document.createElement("label");
  label.className = "narrow";
  label.textContent = "Show only entries with these words";
  const field = document.createElement("input");
  field.type = "search";
  label.append(field);
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  const list = document.querySelector(".rows");
  list.before(label, told);

  field.addEventListener("input", () => {
    const words = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words);
      if (!row.hidden) shown += 1;
    }
    told.textContent = words === "" ? "" : `${shown} of ${rows.length} entries on this page`;
  });
})();
