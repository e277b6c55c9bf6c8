// Where scripts run: the device's own way to share, and copying with one press.
const tools = document.querySelector(".share .tools");
const [share, copy] = tools.querySelectorAll("button");
const status = tools.querySelector("[role=status]");

if (navigator.share) {
  share.hidden = tools.hidden = false;
  share.addEventListener("click", () => {
    const { share: title, link: url } = share.dataset;
    navigator.share({ title, url }).catch(() => {}); // closed again without choosing
  });
}
if (navigator.clipboard) {
  copy.hidden = tools.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(copy.dataset.copy);
    status.textContent = copy.dataset.done;
  });
}
