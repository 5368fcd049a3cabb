/* Comforts of the page on which a flow is drawn. It works without this file: another kind of step has
   its fields after the next saving. */
"use strict";
(() => {
  const form = document.getElementById("flow-form");
  if (!form) return;
  const keptAside = new Map();

  /* --- Another kind: its fields take the place of those that were there, which are kept aside. */
  function change(select) {
    const place = select.dataset.stepKind.replace("steps-", "");
    const fields = form.querySelector(`[data-fields-of="${select.dataset.stepKind}"]`);
    const shown = fields.querySelector("input[name$='-shown']").value;
    const pattern = document.querySelector(`template[data-kind="${select.value}"]`);
    if (!pattern || shown === select.value) return;
    const kept = document.createElement("div");
    kept.append(...fields.childNodes);
    keptAside.set(`${place} ${shown}`, kept);
    const before = keptAside.get(`${place} ${select.value}`);
    if (before) fields.append(...before.childNodes);
    else {
      fields.innerHTML = pattern.innerHTML.replaceAll("__step__", place);
      carryOver(kept, fields);
    }
    for (const field of fields.querySelectorAll("select[data-operators]")) field.dispatchEvent(new Event("change", { bubbles: true }));
    showNeeded();
  }
  /* What both kinds have, such as the text of a message and of a question, goes along. */
  function carryOver(from, to) {
    for (const field of to.querySelectorAll("input:not([type=hidden]), textarea, select")) {
      const old = from.querySelector(`[name="${CSS.escape(field.name)}"]${field.type === "radio" ? `[value="${field.value}"]` : ""}`);
      if (!old || old.type !== field.type) continue;
      if (field.matches("[type=checkbox], [type=radio]")) field.checked = old.checked;
      else field.value = old.value;
    }
  }

  /* --- Fields that only a choice beside them needs. */
  function showNeeded() {
    for (const body of form.querySelectorAll("[data-fields-of]")) {
      const prefix = body.dataset.fieldsOf;
      const field = (name) => body.querySelector(`[name="${prefix}-${name}"]`);
      const show = (name, isShown) => { const row = body.querySelector(`.field-${name}`); if (row) row.hidden = !isShown; };
      const isMessage = body.querySelector("input[name$='-shown']").value === "message";
      const wait = field("wait");
      if (isMessage && wait) { show("timeout_s", wait.checked); show("on_timeout", wait.checked); }
      const accepts = field("accepts");
      if (accepts) show("choices", accepts.value === "choice");
      const template = field("template");
      const values = body.querySelector(".of-template");
      if (template && values) values.hidden = template.value === "";
    }
  }
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-step-kind]")) change(event.target);
    else showNeeded();
  });
  showNeeded();

  /* --- A link to a step opens it. */
  function open(hash) {
    const step = /^#step-\d+$/.test(hash) ? document.getElementById(hash.slice(1)) : null;
    if (!step) return;
    step.open = true;
    step.scrollIntoView({ block: "start" });
  }
  window.addEventListener("hashchange", () => open(location.hash));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#step-']");
    if (link) open(link.getAttribute("href"));
  });
  if (location.hash) open(location.hash);

  /* --- What the page could not keep is still to be saved. */
  if ("unsaved" in form.dataset) form.dispatchEvent(new Event("input", { bubbles: true }));
})();
