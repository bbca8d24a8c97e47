// Fields that point at a record: what fits is offered while somebody types, communities also as a tree.
// Without it the browser suggests a few, and 「查找」 asks the server.
(function () {
  "use strict";
  const said = document.createElement("div"), dialog = document.createElement("dialog");
  const get = (field, key, value, signal) =>
    fetch(`${field.dataset.pick}?${key}=${encodeURIComponent(value)}`, { signal }).then((answer) => {
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      return answer.text();
    });

  function combobox(field, number) {
    const box = document.createElement("div"), group = field.parentElement, id = `choices-${number}`;
    const say = (name, value) => field.setAttribute(`aria-${name}`, value);
    let options = [], at = -1, timer, ask;
    const close = () => {
      clearTimeout(timer);
      ask?.abort();
      box.hidden = true;
      options = [];
      say("expanded", false);
      field.removeAttribute("aria-activedescendant");
    };
    const take = (value) => { field.value = value; field.focus(); close(); };
    const mark = (to) => {
      at = (to + options.length) % options.length;
      options.forEach((one, each) => one.setAttribute("aria-selected", each === at));
      say("activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    };
    const open = () => {
      ask?.abort();
      ask = new AbortController();
      return get(field, "q", field.value.trim(), ask.signal).then((page) => {
        if (document.activeElement !== field) return;
        box.innerHTML = page;
        box.hidden = false;
        options = [...box.querySelectorAll("[role=option]")];
        const [only, more] = options, value = only?.dataset.value ?? "", typed = field.value.trim();
        // what is said in full needs no choice, and a list would lie over the buttons
        const full = [value, value.split("#").pop(), only?.firstElementChild.textContent];
        if (only && !more && full.includes(typed)) return close();
        options.forEach((one, each) => { one.id = `${id}-${each}`; });
        const list = box.firstElementChild;
        list.id = id;
        list.setAttribute("aria-label", field.labels[0].textContent);
        said.textContent = list.dataset.said;
        at = -1;
        field.removeAttribute("aria-activedescendant");
        say("expanded", true);
        box.scrollIntoView({ block: "nearest" });
      }).catch(() => {});
    };
    box.className = "choices";
    group.append(box);
    field.removeAttribute("list");
    field.setAttribute("role", "combobox");
    say("autocomplete", "list");
    say("controls", id);
    close();
    field.oninput = () => {
      clearTimeout(timer);
      at = -1;
      if (field.value.trim()) timer = setTimeout(open, 150); else close();
    };
    field.onkeydown = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.isComposing || box.hidden && !step) return;
      if (step && options.length) mark(at < 0 && step < 0 ? -1 : at + step);
      else if (step) open().then(() => options.length && mark(step < 0 ? -1 : 0));
      else if (event.key === "Enter" && at >= 0) take(options[at].dataset.value);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    };
    field.onblur = close;
    box.onmousedown = (event) => {
      event.preventDefault();
      const one = event.target.closest("[role=option]");
      if (one) take(one.dataset.value);
    };
    const button = group.querySelector("[data-tree]");
    if (!button) return;
    button.hidden = false;
    button.onclick = () => tree(field, take);
  }

  function tree(field, take) {
    const go = (code) => get(field, "at", code).then((page) => {
      dialog.innerHTML = page;
      if (!dialog.open) dialog.showModal();
      dialog.querySelector("h2").focus();
    });
    dialog.onclick = (event) => {
      const one = event.target.closest("button");
      if (one && "at" in one.dataset) go(one.dataset.at);
      else if (one) {
        dialog.close();
        if ("value" in one.dataset) take(one.dataset.value);
      }
    };
    go(/[^#\s]*$/.exec(field.value.trim())[0]);
  }

  const fields = document.querySelectorAll("input[data-pick]");
  if (!fields.length) return;
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  dialog.setAttribute("aria-labelledby", "choice-title");
  document.body.append(said, dialog);
  fields.forEach(combobox);
})();
