/* A map of any layers: the list of layers, the legend by status, popups, search; see layers_table.js for the table. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L,
    el = RG.el;
  const NONE = "~class";
  const my = (RG.layersPage = {
    data: null,
    map: null,
    layers: [],
    off: new Set(),
    words: {},
  });

  RG.runLayers = function (state) {
    my.data = state.data;
    my.map = state.map;
    my.layers = state.data.layers.map(function (words) {
      const layer = state.layers[words.name];
      layer.words = words;
      layer.isOn = true;
      return prepare(layer);
    });
    makePanel();
    makeLegend();
    my.makeTable();
    RG.searchBox("搜索名称、拼音首字母", searchEntries);
    state.map.on("packed:click", function (found) {
      if (my.layers.includes(found.layer)) {
        openPopup(found.layer, found.index, found.latlng);
      }
    });
    RG.fill(RG.byId("rg-filter"), el("div", { class: "rg-group count", id: "count", role: "status" }));
    global.renewal.total = my.layers.reduce(function (sum, layer) {
      return sum + layer.data.count;
    }, 0);
    global.renewal.filter = filterBy;
    const later = RG.link(state.map, writeLink, readLink);
    state.map.on("rg:changed", later);
    apply();
  };

  function prepare(layer) {
    layer.tell = function (found) {
      if (found.cluster) {
        return [layer.words.name + " " + found.cluster.count + " 个", "点击放大"];
      }
      const status = statusOf(layer, found.index);
      return [titleOf(layer, found.index), status].filter(Boolean);
    };
    /* names beside marks that stand for themselves only: not where marks are counted together */
    if (layer.options.label) {
      layer.options.label.minZoom = my.map.getBoundsZoom(my.map.rgHome) + layer.options.label.closer;
      const write = layer.labelText;
      layer.labelText = function (i, view) {
        return layer._clusters && layer._clusters.length && !RG.isArea(layer.data.kinds[i])
          ? null
          : write.call(layer, i, view);
      };
    }
    return layer;
  }

  function titleOf(layer, i) {
    const found = layer.words.title ? my.write(layer, layer.words.title, i) : "";
    return found || layer.words.name;
  }
  function statusOf(layer, i) {
    return layer.words.classed ? my.write(layer, my.data.status.column, i) : "";
  }

  /* a cell as text: dates as days, numbers as they are, nothing for nothing */
  my.write = function (layer, column, i) {
    const value = layer.get(i, column);
    if (value === undefined || value === null || value !== value) {
      return "";
    }
    return layer.data.columns[column].kind === "date" ? RG.day(value) : String(value);
  };

  /* ------------------------------------------------------------ layers and legend */
  function signOf(look, kinds) {
    return kinds.includes("mark")
      ? RG.markOf(look.mark)
      : kinds.includes("line")
        ? RG.lineOf(look.line)
        : RG.swatchOf(look.area);
  }

  function makePanel() {
    const rows = my.layers.map(function (layer) {
      const words = layer.words,
        box = el("input", {
          type: "checkbox",
          "aria-label": words.name,
          onchange: function () {
            turn(layer, box.checked);
            apply();
          },
        });
      box.checked = true;
      layer.box = box;
      return el(
        "label",
        { class: "rg-layer", title: words.name },
        box,
        words.classed ? el("span") : signOf(words.look, words.kinds),
        el(
          "span",
          { class: "name" },
          words.name,
          words.missing ? el("small", {}, words.missing + " 行没有可用的图形,只在表中") : null,
        ),
        (layer.tally = el("span", { class: "num" })),
      );
    });
    RG.fill(
      RG.byId("layers"),
      rows,
      my.data.basemaps.length ? RG.basemapChoice(my.data.basemaps, my.map) : null,
    );
  }
  function turn(layer, on) {
    layer.isOn = on;
    layer.box.checked = on;
    layer[on ? "addTo" : "removeFrom"](my.map);
  }

  function makeLegend() {
    const status = my.data.status,
      host = RG.byId("rg-legend");
    host.hidden = !status;
    if (!status) {
      return;
    }
    const kinds = my.layers
      .filter(function (layer) {
        return layer.words.classed;
      })
      .map(function (layer) {
        return layer.words.kinds;
      })
      .flat();
    my.counts = new Map();
    RG.legend(
      el("h3", {}, status.column),
      el(
        "div",
        { class: "stack" },
        status.classes.map(function (each) {
          const box = el("input", {
              type: "checkbox",
              "data-class": each.code,
              onchange: function () {
                my.off[box.checked ? "delete" : "add"](each.code);
                apply();
              },
            }),
            count = el("small");
          box.checked = !my.off.has(each.code);
          my.counts.set(each.code, { count: count, box: box });
          return el(
            "label",
            { title: each.name },
            box,
            signOf(each.look, kinds),
            el("span", { class: "name" }, each.name),
            count,
          );
        }),
      ),
    );
  }

  /* ------------------------------------------------------------ what is shown */
  /* codes of the classes that are off, as numbers of the column: one look-up a feature */
  function offCodes(layer) {
    const column = layer.words.classed ? layer.data.columns[NONE] : null;
    return (
      column && {
        codes: column.codes,
        off: column.words.map(function (word) {
          return my.off.has(word);
        }),
      }
    );
  }

  /* a wish is a list of values for one column; a layer without the column has none of it */
  function testsOf(layer) {
    return Object.keys(my.words).map(function (name) {
      const wanted = my.words[name],
        column = layer.data.columns[name];
      if (!column || (!layer.words.columns.includes(name) && name !== layer.words.title && !isStatus(layer, name))) {
        return function () {
          return false;
        };
      }
      if (column.words) {
        const holds = column.words.map(function (word) {
          return wanted.includes(word);
        });
        return function (i) {
          return holds[column.codes[i]];
        };
      }
      return function (i) {
        return wanted.includes(my.write(layer, name, i));
      };
    });
  }
  function isStatus(layer, name) {
    return layer.words.classed && name === my.data.status.column;
  }

  function passes(tests, i) {
    for (let k = 0; k < tests.length; k++) {
      if (!tests[k](i)) {
        return false;
      }
    }
    return true;
  }

  function apply() {
    let visible = 0;
    const counts = {};
    for (const layer of my.layers) {
      const data = layer.data,
        mask = new Uint8Array(data.count),
        classes = offCodes(layer),
        tests = testsOf(layer),
        column = layer.words.classed ? data.columns[NONE] : null;
      let kept = 0;
      const tally = new Uint32Array(column ? column.words.length : 0);
      for (let i = 0; i < mask.length; i++) {
        if (passes(tests, i)) {
          if (column) {
            tally[column.codes[i]]++;
          }
          mask[i] = classes && classes.off[classes.codes[i]] ? 0 : 1;
          kept += mask[i];
        }
      }
      tally.forEach(function (count, k) {
        counts[column.words[k]] = (counts[column.words[k]] || 0) + (layer.isOn ? count : 0);
      });
      layer.setMask(mask);
      layer.tally.textContent = kept === data.count ? String(kept) : kept + "/" + data.count;
      visible += layer.isOn ? kept : 0;
    }
    if (my.counts) {
      for (const [code, part] of my.counts) {
        part.count.textContent = String(counts[code] || 0);
        part.box.checked = !my.off.has(code);
      }
    }
    global.renewal.visible = visible;
    RG.fill(RG.byId("count"), "显示 ", el("b", {}, String(visible)), " 个要素");
    my.map.fire("rg:changed");
    my.renderTable();
    return visible;
  }

  /* {layer, status, any column}: one value or several each; {} shows all */
  function filterBy(words) {
    const list = function (value) {
      return [].concat(value).map(String);
    };
    my.off.clear();
    my.words = {};
    for (const layer of my.layers) {
      turn(layer, !words.layer || list(words.layer).includes(layer.words.name));
    }
    for (const name of Object.keys(words)) {
      if (name === "layer" && !my.layers.some((layer) => layer.data.columns.layer)) {
        continue;
      }
      if (name === "status" && my.data.status) {
        my.words[my.data.status.column] = list(words.status);
      } else if (name !== "layer") {
        my.words[name] = list(words[name]);
      }
    }
    return apply();
  }

  /* words of a link count only where they name something that is here: layers and classes by their place */
  function writeLink() {
    const words = {},
      hidden = my.layers
        .map(function (layer, k) {
          return layer.isOn ? "" : String(k);
        })
        .filter(Boolean);
    if (hidden.length) {
      words.h = hidden.join(" ");
    }
    if (my.off.size) {
      words.o = Array.from(my.off).join(" ");
    }
    return words;
  }
  function readLink(words) {
    for (const place of (words.h || "").split(" ")) {
      const layer = /^\d+$/.test(place) ? my.layers[Number(place)] : null;
      if (layer) {
        turn(layer, false);
      }
    }
    const known = my.data.status
      ? my.data.status.classes.map(function (each) {
          return each.code;
        })
      : [];
    for (const code of (words.o || "").split(" ")) {
      if (known.includes(code)) {
        my.off.add(code);
      }
    }
  }

  /* ------------------------------------------------------------ one feature */
  function openPopup(layer, i, at) {
    const rows = layer.words.columns
      .filter(function (column) {
        return column !== layer.words.title;
      })
      .map(function (column) {
        const text = my.write(layer, column, i);
        return text === "" ? [] : [el("dt", {}, column), el("dd", {}, text)];
      })
      .flat();
    const content = el(
      "div",
      { class: "rg-card-popup" },
      el("h2", {}, titleOf(layer, i)),
      el("p", {}, layer.words.name),
      el("dl", { class: "rg-popup" }, rows),
    );
    RG.mark(layer, i, 0);
    L.popup({ maxWidth: 340, minWidth: 200, autoPanPadding: [60, 60] })
      .setLatLng(at)
      .setContent(content)
      .on("remove", function () {
        RG.mark(null);
      })
      .openOn(my.map);
  }
  my.go = function (layer, i) {
    if (!layer.isOn) {
      turn(layer, true);
      apply();
    }
    if (!layer.data.kinds[i]) {
      return;
    }
    my.map.fitBounds(layer.boundsOf([i]).pad(0.6), { maxZoom: 16.5, animate: false });
    openPopup(layer, i, layer.latLngOf(i));
  };

  function searchEntries() {
    const found = [];
    for (const layer of my.layers) {
      const title = layer.words.title;
      for (let i = 0; title && i < layer.data.count; i++) {
        const text = my.write(layer, title, i);
        if (text) {
          found.push({
            text: text,
            sub: layer.words.name,
            go: function () {
              my.go(layer, i);
            },
          });
        }
      }
    }
    return found;
  }
})(window);
