/* The simulator works without this file: every form posts and comes back to the page.
   Here the page is fetched instead of reloaded, and the phone looks by itself every few seconds. */
(() => {
  "use strict";
  const root = document.querySelector("[data-simulator]");
  if (!root) return;

  const SOON = 1500;
  const LATER = 6000;
  const LONGEST = 60000;
  let wait = SOON;
  let timer = 0;
  let isBusy = false;

  const chat = () => document.getElementById("sim-chat");
  const toBottom = () => {
    chat().scrollTop = chat().scrollHeight;
  };

  /* The same form is rendered with another token each time: that is no change. */
  const plain = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");

  const focusables = (box) => Array.from(box.querySelectorAll("button, input, select, textarea, a"));

  const swap = (box, fresh) => {
    if (plain(box.outerHTML) === plain(fresh.outerHTML)) return;
    const before = focusables(box);
    const place = before.indexOf(document.activeElement);
    if (place >= 0 && /^(TEXTAREA|INPUT)$/.test(document.activeElement.tagName)) return;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    const opened = Array.from(box.querySelectorAll("details")).map((item) => item.open);
    const adopted = document.importNode(fresh, true);
    box.replaceWith(adopted);
    adopted.querySelectorAll("details").forEach((item, index) => {
      item.open = opened[index] || item.open;
    });
    const after = focusables(adopted);
    if (place >= 0 && after.length === before.length) after[place].focus({ preventScroll: true });
    if (adopted.id === "sim-chat" && isAtEnd) toBottom();
    reveal(box, adopted);
    improve(adopted);
  };

  /* A new decision unfolds step by step, unless the reader wants no motion. */
  const reveal = (old, fresh) => {
    const isNew = fresh.dataset.decision && fresh.dataset.decision !== old.dataset.decision;
    if (fresh.id === "sim-desk" && isNew) fresh.classList.add("sim-fresh");
  };

  const show = async (response) => {
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector("[data-simulator]")) {
      window.location.assign(response.url); // signed out, or the channel is gone
      return;
    }
    root.querySelectorAll("[data-fragment]").forEach((box) => {
      const fresh = page.getElementById(box.id);
      if (fresh) swap(box, fresh);
    });
  };

  const post = async (form, submitter) => {
    const data = new FormData(form, submitter);
    await show(await fetch(form.action, { method: "POST", body: data }));
  };

  const look = async () => {
    if (document.hidden || isBusy) return plan(wait);
    try {
      await post(document.getElementById("sim-look"));
      wait = chat().hasAttribute("data-unsettled") ? SOON : LATER;
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    }
    return plan(wait);
  };

  const plan = (delay) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, delay);
  };

  const submit = async (form, submitter) => {
    if (isBusy) return;
    isBusy = true;
    try {
      await post(form, submitter);
      const field = form.querySelector("#sim-text");
      if (field) field.value = "";
      toBottom();
      wait = SOON;
    } catch {
      form.dataset.plain = "yes"; // let the browser show what went wrong
      form.requestSubmit(submitter);
    } finally {
      isBusy = false;
      plan(SOON);
    }
  };

  const copy = async (button) => {
    const text = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text);
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.done;
    window.setTimeout(() => {
      label.textContent = before;
    }, 2000);
  };

  const improve = (box) => {
    box.querySelectorAll("[data-copy]").forEach((button) => {
      button.hidden = !navigator.clipboard;
    });
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-live], [data-look]") || form.dataset.plain) return;
    event.preventDefault();
    submit(form, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("change", (event) => {
    event.target.closest("[data-autosubmit]")?.submit();
  });
  document.getElementById("sim-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    event.target.form.requestSubmit(event.target.form.querySelector(".sim-send"));
  });

  root.querySelectorAll("[data-nojs]").forEach((item) => {
    item.hidden = true;
  });
  improve(root);
  toBottom();
  plan(SOON);
})();
