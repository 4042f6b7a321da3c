/* The two calls that folium's templates make to jQuery: an element from markup, and "when ready". */
(function (global) {
  "use strict";
  if (global.$) {
    return;
  }
  global.$ = function (subject) {
    if (subject === document) {
      return {
        ready: function (run) {
          if (document.readyState === "loading") {
            document.addEventListener("DOMContentLoaded", run);
          } else {
            run();
          }
        },
      };
    }
    const holder = document.createElement("template");
    holder.innerHTML = String(subject).trim();
    return [holder.content.firstElementChild];
  };
})(window);
