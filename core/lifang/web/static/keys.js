// Keys for who works here all day; who does not want them switches them off, and that is kept.
(function () {
  "use strict";
  const table = document.getElementById("keys"), show = document.getElementById("show-keys");
  if (!table) return;
  const on = document.getElementById("keys-on"), NAME = "lifang.keys";
  let waiting = 0;
  const toggle = () => (table.open ? table.close() : table.showModal());
  try { on.checked = localStorage.getItem(NAME) !== "off"; } catch { on.checked = true; }
  on.onchange = () => { try { localStorage.setItem(NAME, on.checked ? "on" : "off"); } catch { /* not kept */ } };
  show.hidden = false;
  show.onclick = toggle;
  table.querySelector("[data-close]").onclick = toggle;
  const typing = (where) => where.isContentEditable || /^(input|textarea|select)$/i.test(where.tagName) && !/^(checkbox|radio|button)$/.test(where.type);
  document.addEventListener("keydown", (event) => {
    const other = [...document.querySelectorAll("dialog[open]")].some((one) => one !== table);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || other) return;
    if (!on.checked || typing(event.target)) return;
    const key = event.key.toLowerCase(), gone = event.timeStamp - waiting < 1500;
    waiting = 0;
    const way = gone && table.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (way) way.click();
    else if (key === "g") waiting = event.timeStamp;
    else if (key === "?") toggle();
    else if (key === "/" && !table.open) document.querySelector("#q, main [role=search] input:not([type=hidden])")?.focus();
    else if (key === "n" && !table.open) document.querySelector("main [data-new]")?.click();
    else return;
    event.preventDefault();
  });
})();
