/* A plain popup of a packed layer's columns: names and values as text, never as markup. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L;

  RG.PackedLayer.addInitHook(function () {
    if (!this.options.popup) {
      return;
    }
    this.on("packed:click", function (found) {
      const list = document.createElement("dl");
      list.className = "rg-popup";
      for (const column of this.options.popup) {
        const value = this.get(found.index, column[0]);
        if (value === "" || value === undefined || value !== value) {
          continue;
        }
        const name = document.createElement("dt"),
          text = document.createElement("dd");
        name.textContent = column[1] || column[0];
        text.textContent = this.write(column[0], value);
        list.append(name, text);
      }
      L.popup({ maxWidth: 320 }).setLatLng(found.latlng).setContent(list).openOn(this._map);
    });
  });
})(window);
