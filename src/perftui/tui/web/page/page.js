// Before the terminal opens its connection: to where this page came from, with its font loaded, whose cells it measures.
"use strict";
const open = window.onload;
window.onload = async (event) => {
  document.getElementById("again").addEventListener("click", () => window.location.reload());
  const terminal = document.getElementById("terminal");
  terminal.dataset.sessionWebsocketUrl = window.location.origin.replace(/^http/, "ws") + "/ws";
  await Promise.allSettled(["", "bold ", "italic "].map((style) => document.fonts.load(style + "16px 'Roboto Mono'")));
  open(event);
  const keys = terminal.querySelector("textarea"); // keys go to the app at once, without a click
  const focus = () => document.hidden || keys.focus();
  document.addEventListener("visibilitychange", focus);
  new MutationObserver((_, once) => {
    if (!document.body.classList.contains("-loaded")) return; // not before it is connected: a focus is told to the app
    once.disconnect();
    focus();
  }).observe(document.body, { attributeFilter: ["class"] });
};
