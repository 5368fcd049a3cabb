/* Rules by hand: drag a row to its place, or type its number. Both press buttons that are there
   without this script: nothing is decided here. */
(() => {
  "use strict";
  const form = document.getElementById("changelist-form");
  const body = document.querySelector("#result_list tbody");
  if (!form || !body || !body.querySelector(".order-cell input")) return;

  // Enter in a field changes it and submits: once is enough.
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  window.addEventListener("pageshow", () => { isSent = false; });

  const renumber = form.querySelector("[data-renumber]");
  body.addEventListener("change", (event) => {
    if (event.target.matches(".order-cell input")) form.requestSubmit(renumber);
  });

  if (form.querySelector("[name=filtered]")) return;
  let dragged = null;
  let goal = null;

  const rows = () => [...body.rows];
  const clear = () => {
    for (const row of rows()) row.classList.remove("drop-above", "drop-below", "is-dragged");
  };
  const numberAt = (y) => {
    const others = rows().filter((row) => row !== dragged);
    const above = others.filter((row) => {
      const box = row.getBoundingClientRect();
      return y > box.top + box.height / 2;
    });
    return { number: above.length + 1, next: others[above.length], last: others.at(-1) };
  };
  const submitTo = (row, number) => {
    const input = row.querySelector(".order-cell input");
    input.value = String(number);
    form.requestSubmit(renumber);
  };

  for (const row of rows()) {
    const handle = document.createElement("span");
    handle.className = "handle";
    handle.setAttribute("aria-hidden", "true");
    handle.textContent = "⠿";
    row.querySelector(".order-cell").prepend(handle);
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      dragged = row;
      handle.setPointerCapture(event.pointerId);
      row.classList.add("is-dragged");
    });
    handle.addEventListener("pointermove", (event) => {
      if (dragged !== row) return;
      clear();
      row.classList.add("is-dragged");
      goal = numberAt(event.clientY);
      (goal.next || goal.last)?.classList.add(goal.next ? "drop-above" : "drop-below");
    });
    const end = (event) => {
      if (dragged !== row) return;
      clear();
      const isDropped = event.type === "pointerup" && goal;
      const shown = Number(row.querySelector(".order-cell input").value);
      if (isDropped && goal.number !== shown) submitTo(row, goal.number);
      dragged = goal = null;
    };
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }
})();
