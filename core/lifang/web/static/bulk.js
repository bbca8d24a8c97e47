// Ticks every row of the page at once and says how many are ticked; without it each is ticked by hand.
(function () {
  "use strict";
  const bar = document.querySelector(".bulk-bar");
  if (!bar) return;
  const rows = [...document.querySelectorAll("input[name='bulk.id']")];
  const all = bar.querySelector(".bulk-all"), count = bar.querySelector(".bulk-count");
  const tell = () => {
    const ticked = rows.filter((one) => one.checked).length;
    count.textContent = " " + count.dataset.told.replace("0", ticked);
    all.control.checked = ticked === rows.length;
    all.control.indeterminate = ticked > 0 && ticked < rows.length;
  };
  all.hidden = false;
  all.control.addEventListener("change", () => {
    rows.forEach((one) => { one.checked = all.control.checked; });
    tell();
  });
  rows.forEach((one) => one.addEventListener("change", () => {
    bar.querySelector("[value=chosen]").checked = true;
    tell();
  }));
  window.addEventListener("pageshow", tell);
})();
