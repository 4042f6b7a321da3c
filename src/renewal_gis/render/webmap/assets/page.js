/* What all pages share: elements, search, sheet, legend, themes, and the word that all is drawn. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L,
    PAGE = 60;
  const state = (RG.page = { map: null, layers: {}, data: null });

  /* el("p", {class: "x", onclick: f}, "text", child): text is always text, never markup */
  const el = (RG.el = function (tag, words) {
    const svg = ["svg", "path", "text", "circle"].includes(tag);
    const node = svg
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
    for (const [name, value] of Object.entries(words || {})) {
      if (value === null || value === undefined || value === false) {
        continue;
      }
      if (name.startsWith("on")) {
        node.addEventListener(name.slice(2), value);
      } else if (name === "css") {
        for (const [rule, size] of Object.entries(value)) {
          node.style.setProperty(rule, size);
        }
      } else {
        node.setAttribute(name, value === true ? "" : value);
      }
    }
    for (const child of Array.prototype.slice.call(arguments, 2).flat()) {
      if (child !== null && child !== undefined && child !== false) {
        node.append(child);
      }
    }
    return node;
  });
  RG.byId = function (id) {
    return document.getElementById(id);
  };
  RG.fill = function (node) {
    node.textContent = "";
    node.append.apply(node, Array.prototype.slice.call(arguments, 1).flat().filter(Boolean));
  };

  /* a mark as in the map, for lists and legends */
  RG.markOf = function (symbol, fill) {
    const canvas = el("canvas", { class: "rg-mark", "aria-hidden": "true" }),
      ratio = 2;
    canvas.width = canvas.height = 22 * ratio;
    canvas.rgPaint = function () {
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, 22, 22);
      RG.paintMark(context, symbol, fill || "full", 11, 11, Math.min(6.4, 8 / (symbol.scale || 1)));
    };
    canvas.rgPaint();
    return canvas;
  };
  RG.lineOf = function (look) {
    const canvas = el("canvas", { class: "rg-mark", "aria-hidden": "true" });
    canvas.width = canvas.height = 44;
    canvas.rgPaint = function () {
      const context = canvas.getContext("2d");
      context.setTransform(2, 0, 0, 2, 0, 0);
      context.clearRect(0, 0, 22, 22);
      context.lineWidth = look.width;
      context.strokeStyle = RG.color(look.color);
      context.setLineDash(look.dash || []);
      context.beginPath();
      context.moveTo(0, 11);
      context.lineTo(22, 11);
      context.stroke();
    };
    canvas.rgPaint();
    return canvas;
  };
  RG.swatchOf = function (look) {
    const canvas = el("canvas", { class: "swatch", "aria-hidden": "true" });
    canvas.width = 40;
    canvas.height = 26;
    canvas.rgPaint = function () {
      const context = canvas.getContext("2d");
      context.globalAlpha = look.alpha === undefined ? 1 : look.alpha;
      context.clearRect(0, 0, 40, 26);
      context.fillStyle = RG.color(look.fill);
      context.fillRect(0, 0, 40, 26);
      context.globalAlpha = 1;
      if (look.hatch) {
        context.fillStyle = RG.hatch(context, look.hatch);
        context.fillRect(0, 0, 40, 26);
      }
    };
    canvas.rgPaint();
    return canvas;
  };
  RG.pair = function (sign, text) {
    return el("span", { class: "pair" }, sign, el("span", {}, text));
  };
  RG.lightChip = function (light, text) {
    const look = state.data.lights[light];
    return look
      ? el(
          "span",
          { class: "rg-light", css: { background: look.background, color: "#1b2430" } },
          el("span", { class: "rg-sign", css: { color: look.color } }, look.sign),
          text || look.name,
        )
      : null;
  };

  /* ------------------------------------------------------------ sheet at the right */
  RG.openSheet = function (title, tags, sections) {
    const sheet = RG.byId("rg-sheet");
    sheet.hidden = false;
    document.body.classList.add("sheet-open");
    state.map.rgCovered = sheet.offsetWidth;
    RG.fill(
      sheet,
      el(
        "header",
        {},
        el("h2", {}, title),
        el("div", { class: "tags" }, tags),
        el("button", { class: "close", type: "button", "aria-label": RG.say("关闭"), onclick: RG.closeSheet }, "×"),
      ),
      sections.filter(Boolean),
    );
    sheet.scrollTop = 0;
  };
  RG.closeSheet = function () {
    RG.byId("rg-sheet").hidden = true;
    document.body.classList.remove("sheet-open");
    state.map.rgCovered = 0;
    RG.mark(null);
    state.map.fire("sheet:closed");
  };
  RG.section = function (title, rows) {
    const list = rows.filter(function (row) {
      return row && row[1] !== "" && row[1] !== null && row[1] !== undefined && row[1] === row[1];
    });
    return list.length
      ? el(
          "section",
          {},
          el("h3", {}, title),
          el(
            "dl",
            {},
            list
              .map(function (row) {
                return [el("dt", {}, row[0]), el("dd", {}, String(row[1]))];
              })
              .flat(),
          ),
        )
      : null;
  };

  /* the chosen feature, drawn above all with Leaflet's own paths */
  let marked = [];
  RG.mark = function (layer, index, focus) {
    marked.forEach(function (path) {
      path.remove();
    });
    marked = [];
    if (!layer) {
      return;
    }
    const data = layer.data,
      kind = data.kinds[index],
      rings = [];
    for (let path = data.featureStart[index]; path < data.featureStart[index + 1]; path++) {
      const ring = [];
      for (let k = data.pathStart[path]; k < data.pathStart[path + 1]; k++) {
        ring.push([data.lat[k], data.lon[k]]);
      }
      rings.push(ring);
    }
    if (!rings.length) {
      return;
    }
    const add = function (path) {
      marked.push(path.addTo(state.map));
    };
    const stroke = {
      interactive: false,
      fill: false,
      color: RG.theme === "dark" ? "#ffd166" : "#c1121f",
      weight: 3,
    };
    if (RG.isArea(kind)) {
      add(L.polygon([rings], stroke));
    } else if (RG.isLine(kind)) {
      add(L.polyline(rings, Object.assign({}, stroke, { weight: 6, opacity: 0.55 })));
    }
    if (!RG.isArea(kind) || layer.options.marks) {
      add(L.circleMarker(layer.latLngOf(index), Object.assign({}, stroke, { radius: 13 })));
    }
    if (!focus) {
      return;
    }
    const bounds = layer.boundsOf([index]),
      right = RG.byId("rg-sheet").hidden ? 40 : 390;
    state.map.flyToBounds(bounds.pad(0.6), {
      maxZoom: focus,
      paddingTopLeft: [60, 70],
      paddingBottomRight: [right, 60],
      duration: 0.5,
    });
  };

  /* a long list: a page of it, then more on demand */
  RG.longList = function (host, total, make, empty) {
    let shown = 0;
    RG.fill(host);
    if (!total) {
      host.append(el("p", { class: "rg-empty" }, empty));
      return;
    }
    const list = el("div", { class: "rg-list" }),
      more = el("button", { class: "rg-more", type: "button", onclick: add });
    function add() {
      const stop = Math.min(total, shown + PAGE);
      for (; shown < stop; shown++) {
        list.append(make(shown));
      }
      more.hidden = shown >= total;
      more.textContent = RG.say("再显示 ") + Math.min(PAGE, total - shown) + RG.say(" 项(共 ") + total + RG.say(" 项)");
    }
    host.append(list, more);
    add();
  };

  /* ------------------------------------------------------------ legend, switches, theme */
  RG.layerSwitch = function (text, names, on, change) {
    const input = el("input", {
      type: "checkbox",
      onchange: function () {
        if (change) {
          change(input.checked);
        }
        for (const name of names) {
          const layer = state.layers[name];
          if (layer) {
            layer[input.checked ? "addTo" : "removeFrom"](state.map);
          }
        }
      },
    });
    input.checked = on;
    return el("label", {}, input, text);
  };
  RG.legend = function () {
    const host = RG.byId("rg-legend"),
      fold = el("button", { class: "fold", type: "button", "aria-label": RG.say("收起或展开图例") }, RG.say("收起"));
    fold.addEventListener("click", function () {
      fold.textContent = host.classList.toggle("closed") ? RG.say("展开") : RG.say("收起");
    });
    RG.fill(host, fold, Array.prototype.slice.call(arguments).flat());
  };
  RG.setTheme = function (name) {
    RG.theme = name;
    document.documentElement.dataset.theme = name;
    for (const canvas of document.querySelectorAll("canvas")) {
      if (canvas.rgPaint) {
        canvas.rgPaint();
      }
    }
    if (state.map && state.map._packedCanvas) {
      state.map._packedCanvas.redrawNow();
    }
  };

  RG.fit = function (bounds, options) {
    if (bounds && bounds.isValid()) {
      state.map.fitBounds(
        bounds,
        Object.assign({ paddingTopLeft: [20, 56], paddingBottomRight: [20, 110] }, options),
      );
    }
  };

  /* how the plan is read where it can be read in several ways */
  function showNotes() {
    RG.mark(null);
    const notes = state.data.notes.map(function (note) {
      return el("li", {}, note);
    });
    RG.openSheet(RG.say("口径说明"), [], [el("section", {}, el("ol", { class: "plain" }, notes))]);
  }

  /* on paper the map has another size: the same place is shown, as large as the sheet allows */
  function followPrint(map) {
    const paper = global.matchMedia("print");
    let before = null;
    paper.addEventListener("change", function () {
      const canvas = map._packedCanvas,
        now = { at: map.getCenter(), zoom: map.getZoom(), bounds: map.getBounds() };
      canvas.direct = paper.matches;
      map.invalidateSize({ animate: false, pan: false });
      if (paper.matches) {
        before = before || now;
        map.fitBounds(now.bounds, { animate: false });
      } else if (before) {
        map.setView(before.at, before.zoom, { animate: false });
        before = null;
        canvas.redraw();
      }
      canvas.redrawNow();
    });
  }

  /* ------------------------------------------------------------ begin */
  RG.begin = async function (map, layers, dataBlock, run) {
    state.map = map;
    layers.forEach(function (layer) {
      state.layers[layer.name] = layer;
    });
    global.renewal = {
      ready: false,
      visible: 0,
      total: 0,
      filter: function () {
        return 0;
      },
      get layers() {
        return layers.map(function (layer) {
          return { name: layer.name, drawn: layer.drawn, total: layer.data ? layer.data.count : 0 };
        });
      },
      map: map,
    };
    L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
    L.control.zoom({ position: "topright", zoomInTitle: RG.say("放大"), zoomOutTitle: RG.say("缩小") }).addTo(map);
    RG.byId("rg-theme").addEventListener("click", function () {
      RG.setTheme(RG.theme === "light" ? "dark" : "light");
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && !map.rgBusy && !RG.byId("rg-sheet").hidden) {
        RG.closeSheet();
      }
    });
    map.on("mousemove", function (event) {
      RG.byId("rg-corner").textContent =
        event.latlng.lng.toFixed(5) + "°E  " + event.latlng.lat.toFixed(5) + "°N  (CGCS2000)";
    });
    followPrint(map);
    const home = L.latLngBounds(map.rgHome);
    RG.byId("rg-home").addEventListener("click", function () {
      RG.fit(home);
    });
    map._packedCanvas.held = true;
    const read = RG.readJson(dataBlock);
    await Promise.all(
      layers
        .map(function (layer) {
          return layer.ready;
        })
        .concat(read),
    );
    state.data = await read;
    RG.setTheme(global.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    RG.tools(map);
    if (RG.byId("rg-notes")) {
      RG.byId("rg-notes").addEventListener("click", showNotes);
    }
    run(state);
    map._packedCanvas.held = false;
    map._packedCanvas.redrawNow();
    global.renewal.ready = true;
    performance.mark("renewal-ready");
  };
})(window);
