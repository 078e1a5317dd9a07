// What the theme leaves out for those who hear a page or go through it by keyboard.
document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
window.addEventListener("load", () => {
  for (const wide of document.querySelectorAll(".md-typeset__scrollwrap")) wide.tabIndex = 0;
});
