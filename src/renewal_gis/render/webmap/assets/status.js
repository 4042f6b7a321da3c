/* The status page: it starts here, colours the districts and keeps the link to the view. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el,
    CITY = "全市";
  const my = (RG.status = RG.status || {});
  my.now = {
    target: null,
    unit: "",
    programmes: null,
    groups: null,
    watch: "",
    tab: "units",
    sort: ["", 1],
    chosen: -1,
    week: 0,
    shade: "rate",
    more: {},
    order: "site_id",
  };
  /* lists that a planner asks for on Monday; a week runs from Monday to Sunday */
  my.WATCH = [
    ["", RG.say("关注清单")],
    ["start", RG.say("本周应开工")],
    ["finish", RG.say("本周应完工")],
    ["late-start", RG.say("逾期未开工")],
    ["late-finish", RG.say("逾期未完工")],
    ["unlocated", RG.say("无位置")],
    ["elsewhere", RG.say("位置与填报不符")],
  ];

  /* the lights as areas on dark paper */
  my.NIGHT = { green: "#1F4A3F", slight: "#4A4720", yellow: "#5A4413", red: "#5E2F1C" };

  RG.runIndex = function (state) {
    my.data = state.data;
    my.map = state.map;
    my.sites = state.layers.sites;
    my.districts = state.layers.districts;
    my.n = my.sites.data.count;
    my.now.programmes = new Set(
      my.data.programmes.map(function (programme) {
        return programme.id;
      }),
    );
    my.now.groups = new Set(
      my.data.groups.map(function (group) {
        return group.id;
      }),
    );
    my.now.target = targetOf(my.data.first) || my.data.targets[0];
    my.startWeeks();
    my.sites.tell = tellSite;
    my.districts.tell = tellDistrict;
    my.districts.labelText = function (i) {
      const row = rowOf(my.districts.get(i, "name"));
      return row && row.rateText !== "—"
        ? [my.districts.get(i, "name"), row.done + "/" + row.base + "  " + row.rateText]
        : [my.districts.get(i, "name")];
    };
    my.makeFilter();
    makeLegend();
    my.makeTabs();
    if (my.data.basemaps) {
      // the districts' colours would cover the basemap; their borders stay
      const cover = function (on) {
        my.districts[on ? "removeFrom" : "addTo"](my.map);
      };
      RG.byId("progs").after(RG.basemapChoice(my.data.basemaps, my.map, cover));
    }
    RG.searchBox(RG.say("名称、编号、拼音首字母"), my.searchEntries);
    my.map.on("packed:click", function (found) {
      if (found.layer === my.sites) {
        my.openSite(found.index, 0);
      } else if (found.layer === my.districts) {
        chooseUnit(my.districts.get(found.index, "name"), false);
      }
    });
    my.map.on("sheet:closed", function () {
      my.now.chosen = -1;
      my.renderList();
    });
    global.renewal.total = my.n;
    global.renewal.filter = my.filterBy;
    const later = RG.link(
      my.map,
      function () {
        const words = { t: my.now.target.id };
        if (my.now.unit) {
          words.u = my.now.unit;
        }
        if (my.now.watch) {
          words.w = my.now.watch;
        }
        if (my.now.week < my.data.days.length - 1) {
          words.d = my.data.asOf;
        }
        for (const [key, name] of my.MORE) {
          if (my.now.more[name]) {
            words[key] = my.now.more[name];
          }
        }
        if (my.now.shade !== "rate") {
          words.c = my.now.shade;
        }
        if (my.now.programmes.size < my.data.programmes.length) {
          words.p = Array.from(my.now.programmes).join(" ");
        }
        if (my.now.groups.size < my.data.groups.length) {
          words.g = Array.from(my.now.groups).join(" ");
        }
        if (my.now.chosen >= 0) {
          words.s = my.sites.get(my.now.chosen, "site_id");
        }
        return words;
      },
      readLink,
    );
    my.map.on("rg:changed sheet:closed", later);
    my.setWeek(my.now.week);
  };

  /* words of a link count only where they name something that is here */
  function readLink(words) {
    my.now.target = targetOf(words.t) || my.now.target;
    if (my.data.days.includes(words.d)) {
      my.now.week = my.data.days.indexOf(words.d);
    }
    if (words.c === "pace") {
      my.now.shade = "pace";
      my.makeLegend();
    }
    my.readMore(words);
    if (my.data.units.includes(words.u)) {
      my.now.unit = words.u;
      RG.byId("pick-unit").value = words.u;
    }
    if (
      my.WATCH.some(function (watch) {
        return watch[0] === words.w;
      })
    ) {
      my.now.watch = words.w;
      RG.byId("pick-watch").value = words.w;
    }
    if (words.p !== undefined) {
      my.now.programmes = new Set(words.p.split(" ").filter(programmeOf));
    }
    if (words.g !== undefined) {
      my.now.groups = new Set(words.g.split(" "));
      pressGroups();
    }
    for (let i = 0; words.s && i < my.n; i++) {
      if (my.sites.get(i, "site_id") === words.s) {
        my.now.chosen = i;
        break;
      }
    }
  }
  function pressGroups() {
    for (const button of document.querySelectorAll("[data-group]")) {
      button.setAttribute("aria-pressed", String(my.now.groups.has(button.dataset.group)));
    }
  }

  function targetOf(id) {
    return my.data.targets.find(function (target) {
      return target.id === id;
    });
  }
  function rowsOf(target) {
    return my.data.rows.filter(function (row) {
      return row.target === target.id;
    });
  }
  function rowOf(unit) {
    return my.data.rows.find(function (row) {
      return row.target === my.now.target.id && row.unit === unit;
    });
  }
  function programmeOf(id) {
    return my.data.programmes.find(function (programme) {
      return programme.id === id;
    });
  }
  function chooseUnit(unit, move) {
    my.now.unit = my.now.unit === unit ? "" : unit;
    RG.byId("pick-unit").value = my.now.unit;
    my.renderTarget();
    my.applyFilter();
    my.renderGoals();
    if (!move) {
      return;
    }
    const place = districtOf(my.now.unit);
    if (place >= 0) {
      RG.fit(my.districts.boundsOf([place]));
    } else if (!my.now.unit) {
      RG.fit(L.latLngBounds(my.map.rgHome));
    } else {
      fitFiltered();
    }
  }
  function districtOf(unit) {
    for (let i = 0; i < my.districts.data.count; i++) {
      if (my.districts.get(i, "name") === unit) {
        return i;
      }
    }
    return -1;
  }
  function fitFiltered() {
    const found = [];
    for (let i = 0; i < my.n; i++) {
      if (my.sites.mask[i] && my.sites.data.kinds[i]) {
        found.push(i);
      }
    }
    if (found.length) {
      RG.fit(my.sites.boundsOf(found), { maxZoom: 15 });
    }
  }

  /* ------------------------------------------------------------ the my.map */
  /* classes of the completion rate, or of the light that the pace has */
  function shadesNow() {
    if (my.now.shade === "rate") {
      return my.data.classes;
    }
    return Object.keys(my.data.lights)
      .map(function (light) {
        const look = my.data.lights[light];
        return { name: look.name, fill: { light: look.background, dark: my.NIGHT[light] } };
      })
      .concat(my.data.classes.slice(my.data.noTask));
  }
  function paintDistricts() {
    const lights = Object.keys(my.data.lights),
      pace = my.now.shade === "pace",
      noTask = pace ? lights.length : my.data.noTask,
      of = new Uint8Array(my.districts.data.count),
      split = rowsOf(my.now.target).some(function (row) {
        return row.unit !== CITY;
      });
    const looks = shadesNow().map(function (known) {
      return { fill: known.fill, alpha: 0.92, hatch: known.hatch };
    });
    for (let i = 0; i < of.length; i++) {
      const row = rowOf(my.districts.get(i, "name"));
      of[i] = !row
        ? split
          ? noTask
          : noTask + 1
        : pace
          ? row.light
            ? lights.indexOf(row.light)
            : noTask
          : row.cls;
    }
    my.districts.setLooks("polygon", looks, of);
  }

  function makeLegend() {
    const classes = shadesNow(),
      pick = el(
        "select",
        {
          id: "pick-shade",
          "aria-label": RG.say("区县着色"),
          onchange: function () {
            my.now.shade = pick.value;
            makeLegend();
            paintDistricts();
            my.map.fire("rg:changed");
          },
        },
        el("option", { value: "rate", selected: my.now.shade === "rate" }, RG.say("完成率(按单位)")),
        el("option", { value: "pace", selected: my.now.shade === "pace" }, RG.say("进度(按单位)")),
      );
    RG.legend(
      el("h3", {}, pick),
      el(
        "div",
        { class: "grid" },
        classes.slice(0, -1).map(function (known) {
          return RG.pair(RG.swatchOf({ fill: known.fill, hatch: known.hatch }), RG.say(known.name));
        }),
      ),
      el("h3", {}, RG.say("图层")),
      el(
        "div",
        { class: "grid" },
        layerSwitch(RG.say("项目"), ["sites"]),
        RG.layerSwitch(RG.say("数量聚合"), [], !my.sites.scattered, function (on) {
          my.sites.scattered = !on;
          my.sites.redrawTop();
        }),
        layerSwitch(RG.say("区县与界线"), ["districts", "borders"]),
        layerSwitch(RG.say("道路"), ["roads"]),
        layerSwitch(RG.say("水系"), ["water"]),
        layerSwitch(RG.say("铁路"), ["rail"]),
      ),
    );
  }
  /* layers that the page does not have get no switch */
  function layerSwitch(text, names) {
    const layer = RG.page.layers[names[0]];
    return layer ? RG.layerSwitch(text, names, my.map.hasLayer(layer)) : null;
  }

  function tellSite(found) {
    if (found.cluster) {
      const parts = my.data.groups
        .map(function (group, k) {
          const count = found.cluster.parts[k + 1];
          return count ? group.name + " " + count : "";
        })
        .filter(Boolean);
      return [RG.say("{n} 个项目", { n: found.cluster.count }), parts.join(" · "), RG.say("点击放大")];
    }
    const i = found.index;
    return [
      my.sites.get(i, "name"),
      programmeOf(my.sites.get(i, "programme")).short + " · " + stageName(my.sites.get(i, "stage")),
      my.sites.get(i, "unit"),
    ];
  }
  function tellDistrict(found) {
    const name = my.districts.get(found.index, "name"),
      row = rowOf(name);
    return row
      ? [
          name,
          my.now.target.indicator,
          row.base === "—"
            ? RG.say("无任务")
            : row.done + "/" + row.base + " " + row.measure + "," + RG.say("完成率") + " " + row.rateText,
          row.pace === null ? "" : row.paceTell,
        ].filter(Boolean)
      : [name, rowsOf(my.now.target).length > 1 ? RG.say("无此项任务") : RG.say("此项任务未分解到县(市、区)")];
  }
  function stageName(code) {
    return my.data.stages[code] || code || RG.say("未启动");
  }
  function groupOf(code) {
    return my.data.groupOf[code] || "not_started";
  }

  Object.assign(my, {
    readLink,
    pressGroups,
    targetOf,
    rowsOf,
    rowOf,
    programmeOf,
    chooseUnit,
    districtOf,
    fitFiltered,
    paintDistricts,
    makeLegend,
    shadesNow,
    tellSite,
    tellDistrict,
    stageName,
    groupOf,
  });
})(window);
