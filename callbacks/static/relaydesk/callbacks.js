/* The line that says what a time means, while somebody types. Without this file it is written when
   the form is sent. */
"use strict";
(() => {
  const PAUSE_MS = 250;
  const FIELDS = ["day", "clock", "zone", "team", "whom", "agent"];
  const form = document.querySelector("form[data-when]");
  const line = document.querySelector("[data-when-line]");
  if (!form || !line) return;
  let timer = 0;
  let latest = 0;

  async function look() {
    const given = new FormData(form);
    const query = new URLSearchParams(FIELDS.map((name) => [name, given.get(name) ?? ""]));
    latest += 1;
    const mine = latest;
    const response = await fetch(`${location.pathname}?${query}`, { headers: { "X-Requested-With": "fetch" } });
    if (!response.ok || mine !== latest) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-when-line]");
    if (fresh && mine === latest) line.replaceChildren(...fresh.childNodes);
  }
  const isTyped = (name) => form.elements[name]?.value !== form.elements[name]?.defaultValue;
  const lookAtLeisure = () => look().catch(() => { /* said again when the form is sent */ });
  // Somebody may have been faster than this file.
  if (["day", "clock"].some(isTyped)) lookAtLeisure();
  form.addEventListener("input", (event) => {
    if (!FIELDS.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(lookAtLeisure, PAUSE_MS);
  });
})();
