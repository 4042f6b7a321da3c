/* The roads page: links by priority, dead ends by verdict, defects of the data; the list and the map together. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el;
  let data, map, layers, kinds;
  const now = { tab: "links", district: "", off: new Set(), chosen: null },
    my = (RG.gaps = { now: now });

  RG.runGaps = function (state) {
    data = state.data;
    map = state.map;
    layers = state.layers;
    kinds = {
      links: {
        layer: layers.links,
        name: "打通建议",
        by: "kind",
        words: data.linkKinds,
        marks: data.linkLooks,
        line: true,
        empty: "没有打通建议",
      },
      dead_ends: {
        layer: layers.dead_ends,
        name: "断头端点",
        by: "verdict",
        words: data.verdicts,
        marks: data.verdictLooks,
        empty: "没有断头端点",
      },
      defects: {
        layer: layers.defects,
        name: "数据缺陷",
        by: "kind",
        words: data.defectKinds,
        marks: data.defectLooks,
        empty: "没有发现数据缺陷",
      },
    };
    for (const id of Object.keys(kinds)) {
      if (!kinds[id].layer) {
        delete kinds[id];
      }
    }
    now.tab = Object.keys(kinds)[0];
    Object.assign(my, { data: data, map: map, layers: layers, kinds: kinds, list: list, select: select });
    for (const word of data.offAtFirst) {
      now.off.add("dead_ends/" + word);
    }
    for (const id of Object.keys(kinds)) {
      kinds[id].layer.tell = function (found) {
        return tell(id, found);
      };
    }
    if (layers.links) {
      layers.links.labelText = function (i, view) {
        const rank = layers.links.get(i, "rank");
        return rank <= 10 || view.zoom >= 14 ? [String(rank)] : null;
      };
    }
    makeTabs();
    makeFilter();
    makeLegend();
    RG.searchBox("道路、区县、名次", searchEntries);
    map.on("packed:click", function (found) {
      for (const id of Object.keys(kinds)) {
        if (kinds[id].layer === found.layer) {
          my.open(id, found.index, 0);
        }
      }
    });
    map.on("sheet:closed", function () {
      now.chosen = null;
      my.clearRoutes();
      select();
    });
    global.renewal.total = Object.values(kinds).reduce(function (sum, each) {
      return sum + each.layer.data.count;
    }, 0);
    global.renewal.filter = function (words) {
      now.district = words.district || "";
      if (RG.byId("pick-district")) {
        RG.byId("pick-district").value = now.district;
      }
      if (words.show) {
        now.off.clear();
        for (const id of Object.keys(kinds)) {
          for (const word of Object.keys(kinds[id].words)) {
            if (![].concat(words.show).includes(word)) {
              now.off.add(id + "/" + word);
            }
          }
        }
      } else {
        now.off.clear();
      }
      makeLegend();
      return apply();
    };
    const later = RG.link(
      map,
      function () {
        return { d: now.district, tab: now.tab || "" };
      },
      function (words) {
        if (data.districts.includes(words.d)) {
          now.district = words.d;
          RG.byId("pick-district").value = words.d;
        }
        if (kinds[words.tab]) {
          RG.byId("tab-" + words.tab).click();
        }
      },
    );
    map.on("rg:changed", later);
    apply();
  };

  function tell(id, found) {
    if (found.cluster) {
      return [found.cluster.count + " 个" + kinds[id].name, "点击放大"];
    }
    const get = function (column) {
      return kinds[id].layer.get(found.index, column);
    };
    if (id === "links") {
      return [
        "第 " + get("rank") + " 位 · " + (get("name") || kinds[id].words[get("kind")]),
        "打通 " + get("length") + ",现状绕行 " + get("detour"),
        data.suspected,
      ];
    }
    if (id === "dead_ends") {
      return [
        kinds[id].words[get("verdict")] + (get("name") ? " · " + get("name") : ""),
        get("reason"),
        get("verdict") === "candidate" ? data.suspected : "",
      ].filter(Boolean);
    }
    return [kinds[id].words[get("kind")] + " · 偏差 " + get("size"), get("repair")];
  }

  function makeTabs() {
    RG.fill(
      RG.byId("tabs"),
      Object.keys(kinds).map(function (id) {
        return el(
          "button",
          {
            id: "tab-" + id,
            type: "button",
            role: "tab",
            "aria-selected": String(id === now.tab),
            onclick: function () {
              now.tab = id;
              for (const other of Object.keys(kinds)) {
                RG.byId("tab-" + other).setAttribute("aria-selected", String(other === id));
              }
              list();
            },
          },
          kinds[id].name + " ",
          el("small", {}, ""),
        );
      }),
    );
  }

  function makeFilter() {
    const pick = el(
      "select",
      {
        id: "pick-district",
        "aria-label": "区县",
        onchange: function () {
          now.district = pick.value;
          apply();
          const units = layers.districts;
          for (let i = 0; i < units.data.count; i++) {
            if (units.get(i, "name") === now.district) {
              RG.fit(units.boundsOf([i]));
            }
          }
          if (!now.district) {
            RG.fit(L.latLngBounds(map.rgHome));
          }
        },
      },
      el("option", { value: "" }, "全部区县"),
      data.districts.map(function (name) {
        return el("option", { value: name }, name);
      }),
    );
    RG.fill(
      RG.byId("rg-filter"),
      data.districts.length ? el("div", { class: "rg-group" }, pick) : null,
      el("div", { class: "rg-group count", id: "count", role: "status" }),
    );
  }

  function makeLegend() {
    const parts = Object.keys(kinds)
      .map(function (id) {
        const kind = kinds[id],
          counts = countWords(kind);
        return [
          el("h3", {}, kind.name),
          el(
            "div",
            { class: "stack" },
            Object.keys(kind.words)
              .filter(function (word) {
                return counts[word];
              })
              .map(function (word) {
                const box = el("input", {
                  type: "checkbox",
                  onchange: function () {
                    now.off[box.checked ? "delete" : "add"](id + "/" + word);
                    apply();
                  },
                });
                box.checked = !now.off.has(id + "/" + word);
                return el(
                  "label",
                  {},
                  box,
                  kind.line ? RG.lineOf(kind.marks[word]) : RG.markOf(kind.marks[word]),
                  kind.words[word],
                  el("small", {}, String(counts[word])),
                );
              }),
          ),
        ];
      })
      .flat();
    RG.legend(
      parts,
      el("h3", {}, "图层"),
      el(
        "div",
        { class: "grid" },
        RG.layerSwitch("道路", ["roads"], true),
        RG.layerSwitch("水系", ["water"], true),
        RG.layerSwitch("铁路", ["rail"], true),
        RG.layerSwitch("区县界线", ["borders"], true),
      ),
    );
  }
  function countWords(kind) {
    const counts = {},
      column = kind.layer.data.columns[kind.by];
    for (let i = 0; i < kind.layer.data.count; i++) {
      const word = column.at(i);
      counts[word] = (counts[word] || 0) + 1;
    }
    return counts;
  }

  function apply() {
    let visible = 0;
    const told = [];
    for (const id of Object.keys(kinds)) {
      const kind = kinds[id],
        layer = kind.layer,
        mask = new Uint8Array(layer.data.count),
        by = layer.data.columns[kind.by],
        district = layer.data.columns.district;
      let count = 0;
      for (let i = 0; i < mask.length; i++) {
        mask[i] =
          !now.off.has(id + "/" + by.at(i)) &&
          (!now.district || district.at(i) === now.district)
            ? 1
            : 0;
        count += mask[i];
      }
      layer.setMask(mask);
      RG.byId("tab-" + id).lastChild.textContent = String(count);
      told.push(kind.name + " " + count);
      visible += count;
    }
    global.renewal.visible = visible;
    map.fire("rg:changed");
    RG.fill(RG.byId("count"), told.join(" · "));
    list();
    return visible;
  }

  function list() {
    const id = now.tab;
    if (!id) {
      RG.fill(RG.byId("list"), el("p", { class: "rg-empty" }, "没有发现断头端点,也没有打通建议"));
      return;
    }
    const layer = kinds[id].layer,
      found = [];
    for (let i = 0; i < layer.data.count; i++) {
      if (layer.mask[i]) {
        found.push(i);
      }
    }
    if (id === "links") {
      found.sort(function (a, b) {
        return layer.get(a, "rank") - layer.get(b, "rank");
      });
    }
    if (id === "defects") {
      found.sort(function (a, b) {
        return layer.get(a, "kind").localeCompare(layer.get(b, "kind"));
      });
    }
    const place = function (verdict) {
      return Object.keys(data.verdicts).indexOf(verdict);
    };
    if (id === "dead_ends") {
      found.sort(function (a, b) {
        return place(layer.get(a, "verdict")) - place(layer.get(b, "verdict"));
      });
    }
    RG.longList(
      RG.byId("list"),
      found.length,
      function (k) {
        const word = layer.get(found[k], kinds[id].by),
          first = id !== "links" && (!k || word !== layer.get(found[k - 1], kinds[id].by));
        return first
          ? el("div", {}, el("h3", { class: "rg-group-head" }, headOf(id, word, found)), item(id, found[k]))
          : item(id, found[k]);
      },
      kinds[id].empty,
    );
    select();
  }

  function headOf(id, word, found) {
    const count = found.filter(function (i) {
      return kinds[id].layer.get(i, kinds[id].by) === word;
    }).length;
    return kinds[id].words[word] + " " + count + (word === "candidate" ? "(" + data.suspected + ")" : "");
  }

  function item(id, i) {
    const layer = kinds[id].layer,
      get = function (column) {
        return layer.get(i, column);
      };
    const words = {
      class: "rg-item",
      type: "button",
      "data-key": id + "/" + i,
      onclick: function () {
        my.open(id, i, 16.5);
      },
    };
    if (id === "links") {
      return el(
        "button",
        words,
        el("span", { class: "rg-rank" + (get("rank") <= 10 ? " top" : "") }, String(get("rank"))),
        el("span", { class: "what" }, get("name") || kinds[id].words[get("kind")]),
        el("span", { class: "end" }, get("district")),
        el(
          "span",
          { class: "sub" },
          el(
            "span",
            { class: "rg-tagrow" },
            el("span", { class: "rg-chip" }, "打通 " + get("length")),
            el("span", { class: "rg-chip hot" }, "绕行 " + get("detour")),
            get("barriers") ? el("span", { class: "rg-chip" }, "跨" + get("barriers")) : "",
            get("planned") === "True" ? el("span", { class: "rg-chip" }, "符合规划") : "",
            get("ledger_site") ? el("span", { class: "rg-chip" }, "台账 " + get("ledger_site")) : "",
          ),
        ),
        el("span", { class: "sub one" }, get("reasons")),
      );
    }
    const word = get(kinds[id].by);
    return el(
      "button",
      words,
      RG.markOf(kinds[id].marks[word]),
      el("span", { class: "what" }, id === "dead_ends" ? get("name") || "无名道路" : kinds[id].words[word]),
      el("span", { class: "end" }, id === "dead_ends" ? kinds[id].words[word] : "偏差 " + get("size")),
      el("span", { class: "sub one" }, id === "dead_ends" ? get("reason") : get("repair")),
    );
  }

  function select() {
    for (const node of document.querySelectorAll(".rg-item")) {
      node.setAttribute("aria-selected", String(node.dataset.key === now.chosen));
    }
  }

  function searchEntries() {
    const found = [];
    for (const id of Object.keys(kinds)) {
      const kind = kinds[id];
      for (let i = 0; i < kind.layer.data.count; i++) {
        const name = kind.layer.get(i, "name");
        if (!name && id !== "links") {
          continue;
        }
        found.push({
          text: (id === "links" ? "第 " + kind.layer.get(i, "rank") + " 位 " : "") + (name || ""),
          key: String(kind.layer.get(i, "ledger_site") || "").toLowerCase(),
          sub: kind.name,
          go: function () {
            my.open(id, i, 16.5);
          },
        });
      }
    }
    return found;
  }
})(window);
