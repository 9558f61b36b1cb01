"use strict";
/*
 * What an address or a link names is opened before it is shown: browsers do so by themselves for most, and this does it for all.
 * Without this script every section opens by hand.
 */
(() => {
  const named = (hash) => document.getElementById(decodeURIComponent(hash.slice(1)));

  const reveal = (target) => {
    let closed = target?.closest("details:not([open])");
    if (!closed) return;
    for (; closed; closed = closed.parentElement.closest("details:not([open])")) closed.open = true;
    target.scrollIntoView();
  };

  reveal(named(location.hash));
  addEventListener("hashchange", () => reveal(named(location.hash)));
  const menus = document.querySelectorAll(".menu");
  const shut = (but) => menus.forEach((menu) => { if (menu !== but) menu.open = false; });
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("a[href^='#']");
    /* A menu that was followed, or left, has done what it was opened for. */
    shut(link ? null : target.closest(".menu"));
    if (link) reveal(named(link.hash));
  });
  document.addEventListener("keydown", ({ key }) => {
    const left = key === "Escape" && document.querySelector(".menu[open]");
    if (!left) return;
    shut(null);
    left.querySelector("summary").focus();
  });
})();
