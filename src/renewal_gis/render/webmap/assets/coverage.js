/* The coverage page: residential land within and beyond the reach of a facility type, and the shares by district. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el,
    CITY = "全市";
  let data, map, layers;
  const now = { facility: "", by: "land", measure: "straight", scenario: "before", sort: ["", 1], unit: "" };

  RG.runCoverage = function (state) {
    data = state.data;
    map = state.map;
    layers = state.layers;
    now.facility = data.facilities.length ? data.facilities[0].id : "";
    now.measure = lastOf(data.measures, "straight");
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
      take("measure", data.measures, words.measure);
      take("scenario", data.scenarios, words.scenario);
      choose(words.facility || now.facility);
      return global.renewal.visible;
    };
    const later = RG.link(
      map,
      function () {
        return { f: now.facility, by: now.by, m: now.measure, s: now.scenario };
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
        take("measure", data.measures, words.m);
        take("scenario", data.scenarios, words.s);
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
  /* the page opens on how far one walks, as things are */
  function lastOf(list, other) {
    return list.length ? list[list.length - 1].id : other;
  }
  function take(name, list, word) {
    if (
      list.some(function (each) {
        return each.id === word;
      })
    ) {
      now[name] = word;
    }
  }
  function nameOf(list, id) {
    const found = list.find(function (each) {
      return each.id === id;
    });
    return found ? found.name : id === "straight" ? "直线距离" : "";
  }
  function isShown(row) {
    return row.facility === now.facility && row.measure === now.measure && row.scenario === now.scenario;
  }
  function rowOf(unit) {
    return data.rows.find(function (row) {
      return isShown(row) && row.unit === unit;
    });
  }

  function scenarios() {
    return data.scenarios.filter(function (each) {
      return data.rows.some(function (row) {
        return row.measure === now.measure && row.scenario === each.id;
      });
    });
  }

  /* on foot each plot has its own share; as the crow flies the reach is an area that covers part of the land */
  function paintLand(id, members) {
    const land = layers.land;
    if (!land) {
      return;
    }
    const shares = now.measure === "network" ? land.data.columns["w:" + id] : null,
      of = new Uint8Array(land.data.count),
      looks = [data.beyond].concat(
        data.walk.map(function (each) {
          return each.look;
        }),
      );
    for (let i = 0; shares && i < of.length; i++) {
      const share = shares.at(i);
      data.walk.forEach(function (each, k) {
        of[i] = share >= each.from ? k + 1 : of[i];
      });
    }
    land.cover = shares ? null : { layer: layers.reach, features: members, look: data.covered };
    land.setLooks("polygon", looks, of);
    for (const node of document.querySelectorAll("[data-legend]")) {
      node.hidden = (node.dataset.legend === "walk") !== Boolean(shares);
    }
  }

  function choose(id) {
    now.facility = id;
    if (
      !scenarios().some(function (each) {
        return each.id === now.scenario;
      })
    ) {
      now.scenario = (scenarios()[0] || { id: "before" }).id;
    }
    const reach = layers.reach,
      points = layers.facilities;
    if (reach) {
      const mask = new Uint8Array(reach.data.count),
        members = [];
      for (let i = 0; i < mask.length; i++) {
        if (
          reach.get(i, "facility") === id &&
          reach.get(i, "measure") === now.measure &&
          reach.get(i, "scenario") === now.scenario
        ) {
          mask[i] = 1;
          members.push(i);
        }
      }
      reach.setMask(mask);
      paintLand(id, members);
    }
    let visible = 0;
    if (points) {
      const mask = new Uint8Array(points.data.count);
      for (let i = 0; i < mask.length; i++) {
        /* what is still to be built does not count before */
        mask[i] =
          points.get(i, "facility") === id &&
          !(now.scenario === "before" && points.get(i, "scenario") === "after")
            ? 1
            : 0;
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
      " " +
        visible +
        " 处 · 服务半径 " +
        facilityOf(id).reachText +
        "(" +
        [nameOf(data.measures, now.measure), scenarios().length > 1 ? nameOf(data.scenarios, now.scenario) : ""]
          .filter(Boolean)
          .join(",") +
        ")",
    );
  }

  function renderFacilities() {
    RG.fill(
      RG.byId("progs"),
      data.facilities.map(function (facility) {
        const row = data.rows.find(function (each) {
          return (
            each.facility === facility.id &&
            each.unit === CITY &&
            each.measure === now.measure &&
            each.scenario === now.scenario
          );
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

  function makeToggle(name, list, after) {
    return list.length < 2
      ? null
      : el(
          "div",
          { class: "rg-tabs", role: "group", "data-toggle": name },
          list.map(function (each) {
            return el(
              "button",
              {
                type: "button",
                "data-id": each.id,
                "aria-current": now[name] === each.id ? "true" : null,
                onclick: function () {
                  now[name] = each.id;
                  after();
                },
              },
              each.name,
            );
          }),
        );
  }

  function renderCard() {
    const row = rowOf(now.unit) || rowOf(CITY),
      facility = facilityOf(now.facility);
    const toggle = el(
      "div",
      { class: "rg-toggles" },
      makeToggle(
        "by",
        [
          { id: "land", name: "按居住用地" },
          { id: "household", name: "按户数" },
        ],
        function () {
          renderFacilities();
          renderCard();
          renderTable();
          layers.districts.redraw();
        },
      ),
      makeToggle("measure", data.measures, again),
      makeToggle("scenario", scenarios(), again),
    );
    function again() {
      choose(now.facility);
    }
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
            row[now.by].gain
              ? el("p", { class: "note" }, "疑似缺失路段全部打通:" + row[now.by].gain + "。图上为现状,疑似路段待现场核实。")
              : "",
          ]
        : el("p", { class: "note" }, "没有覆盖数据。"),
    );
  }

  function renderTable() {
    RG.coverageTable(RG.byId("units"), {
      rows: data.rows.filter(isShown),
      now: now,
      city: CITY,
      bar: bar,
      choose: chooseUnit,
      again: renderTable,
    });
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
        { class: "grid", "data-legend": "reach" },
        RG.pair(RG.swatchOf(data.covered), "半径以内"),
        RG.pair(RG.swatchOf(data.beyond), "半径以外"),
      ),
      el(
        "div",
        { class: "grid", "data-legend": "walk", hidden: true },
        data.walk.map(function (each) {
          return RG.pair(RG.swatchOf(each.look), each.name);
        }),
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
