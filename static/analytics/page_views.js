// Counts this page once per tab, for visitors who agreed. It tells the page's name and
// nothing else; the server adds one to a sum.
(() => {
  const KEPT = "pages-counted";
  const page = document.querySelector('meta[name="cookie-choice"]').dataset.page;
  const counted = (sessionStorage.getItem(KEPT) || "").split(" ").filter(Boolean);
  if (!page || counted.includes(page)) return;
  sessionStorage.setItem(KEPT, [...counted, page].join(" "));
  navigator.sendBeacon("/page-views/", new URLSearchParams({ page }));
})();
