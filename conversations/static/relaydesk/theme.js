/* Comforts of the console. Every page works without this file. */
"use strict";
(() => {
  const REFRESH_MS = 10_000;
  const LONGEST_PAUSE_MS = 120_000;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

  /* --- What is kept on this computer; private windows may refuse it. */
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* nothing to drop */ } },
  };

  /* --- Menus that float close when one clicks elsewhere or presses Escape. */
  const floating = "details.user-menu, details.chip";
  document.addEventListener("click", (event) => {
    for (const details of $$(floating)) if (!details.contains(event.target)) details.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const details of $$(`:is(${floating})[open]`)) {
      details.open = false;
      $("summary", details).focus();
    }
  });

  /* --- Selecting rows of a list. */
  function countSelected() {
    const boxes = $$("input.action-select");
    const chosen = boxes.filter((box) => box.checked).length;
    const all = $("#action-toggle");
    const counter = $(".action-counter");
    if (all) all.checked = chosen > 0 && chosen === boxes.length;
    if (counter) counter.textContent = chosen === 1 ? counter.dataset.one : counter.dataset.many.replace("%s", chosen);
  }
  document.addEventListener("change", (event) => {
    if (event.target.id === "action-toggle") for (const box of $$("input.action-select")) box.checked = event.target.checked;
    if (event.target.matches("#action-toggle, input.action-select")) countSelected();
  });
  window.addEventListener("pageshow", countSelected);

  /* --- Copy. */
  for (const button of $$("[data-copy-text]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copyText);
      const label = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  }

  /* --- A page with a form, shown as a dialog on the page one is on. */
  async function openDialog(link) {
    const response = await fetch(link.href, { headers: { "X-Requested-With": "fetch" } });
    const form = new DOMParser().parseFromString(await response.text(), "text/html")
      .querySelector("form[data-dialog-form]");
    if (!response.ok || !form) { location.assign(link.href); return; }
    form.action = link.href;
    const dialog = document.createElement("dialog");
    dialog.className = "sheet-dialog";
    const title = $("h1", form);
    if (title) { title.id = "dialog-title"; dialog.setAttribute("aria-labelledby", "dialog-title"); }
    dialog.append(document.adoptNode(form));
    dialog.addEventListener("click", (event) => {
      if (!event.target.closest("[data-dialog-close]")) return;
      event.preventDefault();
      dialog.close();
    });
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    document.body.append(dialog);
    $$("[data-only-for]", dialog).forEach(watch);
    dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
    event.preventDefault();
    openDialog(link).catch(() => location.assign(link.href));
  });

  /* --- Parts of the page that are fetched again. */
  function isBusy(region) {
    return region.contains(document.activeElement) && document.activeElement !== document.body
      || $("input:checked, details[open]:not([data-stay])", region) !== null;
  }
  /* The token of a form is written differently each time: that is no change. */
  const plain = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
  function takeOver(page) {
    for (const region of $$("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${CSS.escape(region.dataset.live)}"]`);
      if (!fresh || isBusy(region) || plain(fresh.innerHTML) === plain(region.innerHTML)) continue;
      region.replaceChildren(...fresh.childNodes);
      Object.assign(region.dataset, fresh.dataset);
    }
    const box = $("#write-box");
    const seen = $("[data-seen]");
    const isEmpty = box && box.elements.body.value === "" && !box.elements.file?.files.length;
    if (isEmpty && seen) box.elements.seen.value = seen.dataset.seen;
    if (page.title) document.title = page.title;
  }
  function startRefreshing(bar) {
    let isPaused = false;
    const every = Number(bar.dataset.every) || REFRESH_MS;
    let wait = every;
    let updated = Date.now();
    const note = document.createElement("span");
    const button = document.createElement("button");
    button.type = "button";
    const show = () => {
      const age = Math.round((Date.now() - updated) / 1000);
      const words = age < 60 ? bar.dataset.updated.replace("%s", age)
        : bar.dataset.updatedLong.replace("%s", Math.floor(age / 60));
      note.textContent = isPaused ? bar.dataset.paused : words;
      button.textContent = isPaused ? bar.dataset.resume : bar.dataset.pause;
    };
    button.addEventListener("click", () => { isPaused = !isPaused; show(); });
    bar.append(note, button);
    bar.hidden = false;
    show();
    setInterval(show, 1000);
    const next = async () => {
      if (!isPaused && !document.hidden) {
        try {
          const response = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
          if (!response.ok || response.url.includes("/login/")) throw new Error(response.status);
          takeOver(new DOMParser().parseFromString(await response.text(), "text/html"));
          updated = Date.now();
          wait = every;
        } catch { wait = Math.min(wait * 2, LONGEST_PAUSE_MS); }
      }
      setTimeout(next, wait);
    };
    setTimeout(next, wait);
  }
  const bar = $("[data-live-bar]");
  if (bar) startRefreshing(bar);

  /* Too much for the server: said before it is sent, for a server that reads no further is not heard. */
  function isTooLarge(field) {
    if (!field) return false;
    const bytes = Array.from(field.files).reduce((sum, file) => sum + file.size, 0);
    const says = bytes > Number(field.dataset.mostBytes) ? field.dataset.tooLarge : "";
    field.setCustomValidity(says);
    return !field.reportValidity();
  }

  /* --- Writing to a customer: drafts are kept, and a second click sends nothing twice. */
  const box = $("#write-box");
  if (box) {
    const key = `draft:${box.dataset.draft}`;
    const area = box.elements.body;
    if (area.value === "" && store.get(key)) area.value = store.get(key);
    area.addEventListener("input", () => (area.value ? store.set(key, area.value) : store.drop(key)));
    box.addEventListener("submit", (event) => {
      if (box.dataset.sent || isTooLarge(box.elements.file)) { event.preventDefault(); return; }
      box.dataset.sent = "1";
      store.drop(key);
    });
    box.elements.file?.addEventListener("change", (event) => isTooLarge(event.target));
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      const button = $$("button[type=submit]", box).find((b) => b.offsetParent !== null && !b.disabled);
      if (button) box.requestSubmit(button);
    });
  }
  window.addEventListener("pageshow", () => { if (box) delete box.dataset.sent; });

  /* --- Fields that only some choices need; without this file they are simply all there. */
  function watch(field) {
    const chooser = field.form;
    const row = field.closest(".form-row, .field");
    const update = () => {
      const chosen = new FormData(chooser).get(field.dataset.decides);
      if (chosen !== null) row.hidden = !field.dataset.onlyFor.split(" ").includes(chosen);
      const group = row.closest("fieldset.module");
      if (group) group.hidden = $$(".form-row", group).every((other) => other.hidden);
    };
    chooser.addEventListener("change", update);
    update();
  }
  $$("[data-only-for]").forEach(watch);

  /* --- A condition offers only the operators that its field understands. */
  function limitOperators(select) {
    const allowed = JSON.parse(select.dataset.operators)[select.value];
    const operator = document.getElementById(select.id.replace(/field$/, "operator"));
    const value = document.getElementById(select.id.replace(/field$/, "value"));
    if (!operator || !allowed) return;
    for (const option of operator.options) option.hidden = option.disabled = option.value !== "" && !allowed.includes(option.value);
    if (operator.selectedOptions[0]?.disabled) operator.value = allowed[0];
    const name = document.getElementById(select.id.replace(/field$/, "name"));
    if (name) name.hidden = select.value !== select.dataset.named;
    if (value) value.placeholder = JSON.parse(select.dataset.examples)[select.value] ?? "";
  }
  $$("select[data-operators]").forEach(limitOperators);
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-operators]")) limitOperators(event.target);
  });

  /* --- Texts with variables: buttons that insert them, and what the customer sees. */
  function preview(area) {
    const box = area.closest(".text-box");
    const samples = Object.fromEntries($$("[data-insert]", box).map((b) => [b.dataset.insert, b.dataset.sample]));
    $("[data-preview]", box).textContent = area.value.replace(/\{[a-z_]+\}/g, (name) => samples[name] ?? name);
  }
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-with-preview]")) preview(event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const area = $("textarea", button.closest(".text-box"));
    area.setRangeText(button.dataset.insert, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  for (const button of $$("[data-insert]")) button.hidden = false;

  /* --- A week of opening hours: times are added, taken away and copied in place. */
  function readClock(text) {
    const found = /^(\d{1,2})(?:[:.h]?([0-5]\d)|h)?$/i.exec(text.normalize("NFKC").trim());
    const minutes = found ? Number(found[1]) * 60 + Number(found[2] ?? 0) : NaN;
    return minutes <= 24 * 60 ? minutes : NaN;
  }
  const writeClock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-clock]")) return;
    const minutes = readClock(event.target.value);
    if (Number.isNaN(minutes)) return;
    event.target.value = writeClock(event.target.dataset.clock === "end" ? minutes || 24 * 60 : minutes);
  });
  function startWeek(week) {
    const day = (number) => $(`[data-week-day="${number}"]`, week);
    const slots = (row) => $$(".week-slot", row);
    const texts = (slot) => $$("input", slot).map((input) => input.value);
    function noteOf([start, end]) {
      const [opens, closes] = [readClock(start), readClock(end)];
      if (start === "" || end === "" || Number.isNaN(opens + closes)) return "";
      if (opens === 0 && closes % (24 * 60) === 0) return week.dataset.allDay;
      return closes > opens || closes === 0 ? "" : week.dataset.nextDay.replace("%s", writeClock(closes));
    }
    const ofRow = (name, row) => $(`[data-week-${name}]`, row);
    const times = (row) => slots(row).map(texts).filter((pair) => pair.some(Boolean));
    const kept = (row) => ofRow("kept", row).value.split(" ").filter(Boolean).map((pair) => pair.split("-"));
    /* A day that is closed keeps its times out of sight: they come back with the switch. */
    function show(row) {
      const isOpen = ofRow("switch", row).checked;
      for (const slot of slots(row)) {
        $("[data-week-note]", slot).textContent = noteOf(texts(slot));
        slot.hidden = !isOpen || slot.matches("[data-spare]");
      }
      const keeps = times(row).length ? times(row) : kept(row);
      const words = keeps.map((pair) => pair.join("–")).join(", ");
      ofRow("closed", row).hidden = isOpen;
      ofRow("keeps", row).textContent = isOpen || !words ? "" : week.dataset.keeps.replace("%s", words);
    }
    function add(row, values = ["", ""]) {
      const spare = $("[data-spare]", row);
      const slot = spare.cloneNode(true);
      slot.removeAttribute("data-spare");
      $$("input", slot).forEach((input, place) => { input.value = values[place]; });
      spare.before(slot);
      return slot;
    }
    function turn(row, isOpen) {
      ofRow("switch", row).checked = isOpen;
      if (!isOpen) return;
      ofRow("was", row).value = "on";
      if (!times(row).length) for (const pair of kept(row)) add(row, pair);
      ofRow("kept", row).value = "";
    }
    function copy(row, { isOpen, given }) {
      turn(row, isOpen);
      for (const slot of slots(row)) if (!slot.matches("[data-spare]")) slot.remove();
      for (const pair of given) add(row, pair);
      show(row);
    }
    /* The empty times at the end of a row are for those without scripts: here they are the pattern. */
    for (const row of $$("[data-week-day]", week)) show(row);
    for (const button of $$("button", week)) button.hidden = false;
    $("[data-week-copies]", week).hidden = true;
    week.addEventListener("input", (event) => show(event.target.closest("[data-week-day]")));
    week.addEventListener("change", (event) => {
      const row = event.target.closest("[data-week-day]");
      if (event.target.matches("[data-week-switch]")) {
        turn(row, event.target.checked);
        if (event.target.checked && slots(row).length === 1) add(row);
      }
      show(row);
    });
    week.addEventListener("click", (event) => {
      const row = event.target.closest("[data-week-day]");
      if (event.target.closest("[data-week-add]")) {
        const wasOpen = ofRow("switch", row).checked;
        turn(row, true);
        const slot = wasOpen || !times(row).length ? add(row) : slots(row)[0];
        show(row);
        $("input", slot).focus();
      } else if (event.target.closest("[data-week-remove]")) {
        event.target.closest(".week-slot").remove();
        if (slots(row).length === 1) turn(row, false);
        $("[data-week-add]", row).focus();
      } else if (event.target.closest("[data-week-copy]")) {
        const monday = { isOpen: ofRow("switch", row).checked, given: times(row) };
        for (const other of [1, 2, 3, 4].map(day)) copy(other, monday);
      } else return;
      show(row);
      row.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  $$("[data-week]").forEach(startWeek);

  /* --- Leaving a form with changes asks. */
  const form = $(".change-form #content-main > form");
  if (form) {
    let isDirty = false;
    form.addEventListener("input", () => { isDirty = true; });
    form.addEventListener("submit", () => { isDirty = false; });
    window.addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
  }

  /* --- After moving a rule the focus is on the same button again. */
  if (location.hash.startsWith("#move-")) document.getElementById(location.hash.slice(1))?.focus();

  /* --- Single keys. They can be switched off, and never act while somebody writes. */
  let areShortcutsOn = store.get("shortcuts") !== "off";
  const toggle = $("[data-shortcuts]");
  if (toggle) {
    const show = () => { toggle.textContent = areShortcutsOn ? toggle.dataset.on : toggle.dataset.off; };
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      areShortcutsOn = !areShortcutsOn;
      store.set("shortcuts", areShortcutsOn ? "on" : "off");
      show();
    });
    show();
  }
  function step(by) {
    const links = $$("#result_list tbody th a");
    if (links.length === 0) return;
    const here = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, here + by))].focus();
  }
  function act(element) {
    if (element.matches("input[type=radio]")) { element.checked = true; $("#write-box textarea")?.focus(); }
    else if (element.matches("input, textarea")) element.focus();
    else element.click();
  }
  let isAfterG = false;
  document.addEventListener("keydown", (event) => {
    if (!areShortcutsOn || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || $("dialog[open]")) return;
    const key = isAfterG ? `g ${event.key}` : event.key;
    isAfterG = event.key === "g" && !isAfterG;
    const target = $$("[data-shortcut]").find((element) => element.dataset.shortcut === key);
    if (target) { event.preventDefault(); act(target); }
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });
})();
