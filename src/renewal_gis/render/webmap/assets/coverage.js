/* The coverage page: residential land within and beyond the reach of a facility type, and the shares by district. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el,
    CITY = "全市";
  let data, map, layers;
  const now = { facility: "", by: "land", sort: ["", 1], unit: "" };

  RG.runCoverage = function (state) {
    data = state.data;
    map = state.map;
    layers = state.layers;
    now.facility = data.facilities.length ? data.facilities[0].id : "";
    if (layers.land) {
      layers.land.tell = tellLand;
    }
    if (layers.facilities) {
      layers.facilities.tell = function (found) {
        return found.cluster
          ? [found.cluster.count + " 处设施", "点击放大"]
          : [
              layers.facilities.get(found.index, "name"),
              facilityOf(layers.facilities.get(found.index, "facility")).name,
            ];
      };
    }
    layers.districts.options.interactive = true;
    layers.districts.tell = tellDistrict;
    layers.districts.labelText = function (i) {
      const name = layers.districts.get(i, "name"),
        row = rowOf(name);
      return row && row[now.by].text !== "—" ? [name, row[now.by].text] : [name];
    };
    map.on("packed:click", function (found) {
      if (found.layer === layers.districts) {
        chooseUnit(layers.districts.get(found.index, "name"), false);
      }
    });
    makeFilter();
    makeLegend();
    RG.searchBox("设施、小区、区县", searchEntries);
    global.renewal.total = layers.facilities ? layers.facilities.data.count : 0;
    global.renewal.filter = function (words) {
      choose(words.facility || now.facility);
      return global.renewal.visible;
    };
    const later = RG.link(
      map,
      function () {
        return { f: now.facility, by: now.by };
      },
      function (words) {
        if (
          data.facilities.some(function (each) {
            return each.id === words.f;
          })
        ) {
          now.facility = words.f;
        }
        if (words.by === "household") {
          now.by = words.by;
        }
      },
    );
    map.on("rg:changed", later);
    choose(now.facility);
  };

  function facilityOf(id) {
    return (
      data.facilities.find(function (each) {
        return each.id === id;
      }) || { id: id, name: id, reachText: "" }
    );
  }
  function rowOf(unit) {
    return data.rows.find(function (row) {
      return row.facility === now.facility && row.unit === unit;
    });
  }

  function choose(id) {
    now.facility = id;
    const reach = layers.reach,
      points = layers.facilities;
    if (reach) {
      const mask = new Uint8Array(reach.data.count),
        members = [];
      for (let i = 0; i < mask.length; i++) {
        if (reach.get(i, "facility") === id) {
          mask[i] = 1;
          members.push(i);
        }
      }
      reach.setMask(mask);
      if (layers.land) {
        layers.land.cover = { layer: reach, features: members, look: data.covered };
        layers.land.redraw();
      }
    }
    let visible = 0;
    if (points) {
      const mask = new Uint8Array(points.data.count);
      for (let i = 0; i < mask.length; i++) {
        mask[i] = points.get(i, "facility") === id ? 1 : 0;
        visible += mask[i];
      }
      points.setMask(mask);
    }
    global.renewal.visible = visible;
    map.fire("rg:changed");
    renderFacilities();
    renderCard();
    renderTable();
    RG.fill(
      RG.byId("count"),
      el("b", {}, facilityOf(id).name),
      " " + visible + " 处 · 服务半径 " + facilityOf(id).reachText + "(直线距离)",
    );
  }

  function renderFacilities() {
    RG.fill(
      RG.byId("progs"),
      data.facilities.map(function (facility) {
        const row = data.rows.find(function (each) {
          return each.facility === facility.id && each.unit === CITY;
        });
        return el(
          "div",
          {
            class: "rg-prog rg-facility",
            role: "button",
            tabindex: "0",
            "aria-selected": String(facility.id === now.facility),
            onclick: function () {
              choose(facility.id);
            },
            onkeydown: function (event) {
              if (event.key === "Enter") {
                choose(facility.id);
              }
            },
          },
          RG.markOf(facility.symbol),
          el("span", { class: "name" }, facility.name),
          el("span", { class: "num" }, facility.reachText),
          row ? bar(row[now.by].share) : "",
          el("span", { class: "rate" }, row ? row[now.by].text : "—"),
        );
      }),
    );
  }
  function bar(share) {
    return el(
      "span",
      { class: "rg-mini" },
      el("i", { css: { width: Math.max(0, Math.min(1, share || 0)) * 100 + "%" } }),
    );
  }

  function unit() {
    return now.by === "land" ? " 公顷" : " 户";
  }

  function renderCard() {
    const row = rowOf(now.unit) || rowOf(CITY),
      facility = facilityOf(now.facility);
    const toggle = el(
      "div",
      { class: "rg-tabs" },
      [
        ["land", "按居住用地"],
        ["household", "按户数"],
      ].map(function (word) {
        return el(
          "button",
          {
            type: "button",
            "aria-current": now.by === word[0] ? "true" : null,
            onclick: function () {
              now.by = word[0];
              renderFacilities();
              renderCard();
              renderTable();
              layers.districts.redraw();
            },
          },
          word[1],
        );
      }),
    );
    RG.fill(
      RG.byId("card"),
      toggle,
      row
        ? [
            el(
              "div",
              { class: "row" },
              el("span", { class: "big" }, row[now.by].text),
              el("span", { class: "of" }, row.unit + " · " + facility.name + " " + facility.reachText),
            ),
            el("div", { class: "rg-bar" }, el("i", { css: { width: (row[now.by].share || 0) * 100 + "%" } })),
            el(
              "div",
              { class: "rg-keys" },
              el("span", {}, "已覆盖 " + row[now.by].covered + unit()),
              el("span", {}, "共 " + row[now.by].all + unit()),
            ),
          ]
        : el("p", { class: "note" }, "没有覆盖数据。"),
    );
  }

  function renderTable() {
    const rows = data.rows.filter(function (row) {
        return row.facility === now.facility;
      }),
      order = now.sort;
    const sum = rows.filter(function (row) {
        return row.unit === CITY;
      }),
      body = rows.filter(function (row) {
        return row.unit !== CITY;
      });
    const value = {
      unit: function (row) {
        return row.unit;
      },
      all: function (row) {
        return row[now.by].amount;
      },
      covered: function (row) {
        return row[now.by].coveredAmount;
      },
      share: function (row) {
        return row[now.by].share;
      },
    };
    if (order[0]) {
      body.sort(function (a, b) {
        const x = value[order[0]](a),
          y = value[order[0]](b);
        if (x === null || y === null) {
          return (x === null) - (y === null);
        }
        return order[1] * (typeof x === "string" ? x.localeCompare(y, "zh-CN") : x - y);
      });
    }
    const heads = [
      ["unit", "区县"],
      ["all", now.by === "land" ? "居住用地(公顷)" : "户数"],
      ["covered", "已覆盖"],
      ["share", "覆盖率"],
    ];
    RG.fill(
      RG.byId("units"),
      el(
        "table",
        { class: "rg-table" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            heads.map(function (head) {
              return el(
                "th",
                {
                  scope: "col",
                  "aria-sort": order[0] === head[0] ? (order[1] > 0 ? "ascending" : "descending") : null,
                  onclick: function () {
                    now.sort =
                      order[0] === head[0]
                        ? order[1] < 0
                          ? [head[0], 1]
                          : ["", 1]
                        : [head[0], head[0] === "unit" ? 1 : -1];
                    renderTable();
                  },
                },
                head[1],
              );
            }),
          ),
        ),
        el(
          "tbody",
          {},
          sum.concat(body).map(function (row) {
            const part = row[now.by];
            return el(
              "tr",
              {
                class: row.unit === CITY ? "sum" : part.text === "—" ? "none" : "",
                tabindex: "0",
                "aria-selected": String(row.unit === now.unit),
                onclick: function () {
                  chooseUnit(row.unit === CITY ? "" : row.unit, true);
                },
                onkeydown: function (event) {
                  if (event.key === "Enter") {
                    chooseUnit(row.unit === CITY ? "" : row.unit, true);
                  }
                },
              },
              el("td", { title: row.unit }, row.unit),
              el("td", {}, part.all),
              el("td", {}, part.covered),
              el("td", {}, part.text === "—" ? "—" : [bar(part.share), part.text]),
            );
          }),
        ),
      ),
    );
    layers.districts.redraw();
  }

  function chooseUnit(unit, move) {
    now.unit = now.unit === unit ? "" : unit;
    renderCard();
    renderTable();
    if (!move) {
      return;
    }
    const units = layers.districts;
    for (let i = 0; i < units.data.count; i++) {
      if (units.get(i, "name") === now.unit) {
        RG.fit(units.boundsOf([i]));
        return;
      }
    }
    RG.fit(L.latLngBounds(map.rgHome));
  }

  function tellDistrict(found) {
    const name = layers.districts.get(found.index, "name"),
      row = rowOf(name);
    return row && row.land.text !== "—"
      ? [name, "居住用地覆盖率 " + row.land.text, "户数覆盖率 " + row.household.text]
      : [name, "无居住用地数据"];
  }
  function tellLand(found) {
    const homes = layers.land.get(found.index, "households");
    return [
      layers.land.get(found.index, "name") || layers.land.get(found.index, "land_id"),
      homes === homes && homes !== undefined ? homes + " 户" : "",
    ].filter(Boolean);
  }

  function makeFilter() {
    RG.fill(RG.byId("rg-filter"), el("div", { class: "rg-group count", id: "count", role: "status" }));
  }

  function makeLegend() {
    RG.legend(
      el("h3", {}, "居住用地"),
      el(
        "div",
        { class: "grid" },
        RG.pair(RG.swatchOf(data.covered), "半径以内"),
        RG.pair(RG.swatchOf(data.beyond), "半径以外"),
      ),
      el("h3", {}, "图层"),
      el(
        "div",
        { class: "grid" },
        RG.layerSwitch("居住用地", ["land"], true),
        RG.layerSwitch("服务范围", ["reach"], true),
        RG.layerSwitch("设施", ["facilities"], true),
        RG.layerSwitch("道路", ["roads"], true),
        RG.layerSwitch("水系", ["water"], true),
        RG.layerSwitch("区县界线", ["borders"], true),
      ),
    );
  }

  function searchEntries() {
    const found = [],
      units = layers.districts;
    for (let i = 0; i < units.data.count; i++) {
      const name = units.get(i, "name");
      found.push({
        text: name,
        sub: "区县",
        go: function () {
          now.unit = "";
          chooseUnit(name, true);
        },
      });
    }
    for (const id of ["facilities", "land"]) {
      const layer = layers[id];
      for (let i = 0; layer && i < layer.data.count; i++) {
        const name = layer.get(i, "name");
        if (name) {
          found.push({
            text: name,
            sub: id === "land" ? "居住用地" : facilityOf(layer.get(i, "facility")).name,
            go: function () {
              if (id === "facilities") {
                choose(layer.get(i, "facility"));
              }
              RG.mark(layer, i, 16);
            },
          });
        }
      }
    }
    return found;
  }
})(window);
