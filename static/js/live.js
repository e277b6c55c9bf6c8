// Keeps the count fresh while the page is open and seen. Without it the page is whole.
const EVERY = 60_000;
const section = () => document.querySelector("[data-live]");
let shown = Number(section()?.dataset.total);
let asked = Date.now();

async function look() {
  if (document.hidden || Date.now() - asked < EVERY) {
    return;
  }
  asked = Date.now();
  const { total } = await (await fetch(section().dataset.live)).json();
  if (total === shown) {
    return;
  }
  // The page itself has the words of its language, plural forms and all.
  const page = await (await fetch(location.pathname, { cache: "no-cache" })).text();
  const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("[data-live]");
  if (fresh) {
    section().replaceWith(fresh);
    shown = Number(fresh.dataset.total);
  }
}

const lookQuietly = () => look().catch(() => {}); // the network is away: next time
if (section()) {
  setInterval(lookQuietly, EVERY / 4);
  document.addEventListener("visibilitychange", lookQuietly);
}
