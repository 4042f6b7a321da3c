/* The status page: which sites are shown, by programme, stage, unit and the planner's lists. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const el = RG.el;
  const my = (RG.status = RG.status || {});
  /* ------------------------------------------------------------ filter */
  function makeFilter() {
    const units = el(
      "select",
      {
        id: "pick-unit",
        "aria-label": RG.say("单位"),
        onchange: function () {
          const unit = units.value;
          my.now.unit = "";
          my.chooseUnit(unit, true);
          if (!unit) {
            applyFilter();
          }
        },
      },
      el("option", { value: "" }, RG.say("全部单位")),
      my.data.units.map(function (unit) {
        return el("option", { value: unit }, unit);
      }),
    );
    const watch = el(
      "select",
      {
        id: "pick-watch",
        "aria-label": RG.say("关注"),
        onchange: function () {
          my.now.watch = watch.value;
          applyFilter();
        },
      },
      my.WATCH.map(function (each) {
        return el("option", { value: each[0] }, each[1]);
      }),
    );
    RG.fill(
      RG.byId("rg-filter"),
      el(
        "div",
        { class: "rg-group", role: "group", "aria-label": RG.say("阶段") },
        my.data.groups.map(function (group) {
          return el(
            "button",
            {
              type: "button",
              "aria-pressed": "true",
              "data-group": group.id,
              onclick: function (event) {
                my.now.groups[my.now.groups.has(group.id) ? "delete" : "add"](group.id);
                event.currentTarget.setAttribute("aria-pressed", String(my.now.groups.has(group.id)));
                applyFilter();
              },
            },
            RG.markOf({ shape: "circle", color: "#0072B2", scale: 1 }, group.fill),
            group.name,
          );
        }),
      ),
      el("div", { class: "rg-group" }, units),
      el("div", { class: "rg-group" }, watch),
      my.makeMore(),
      el("div", { class: "rg-group count", id: "count", role: "status" }),
    );
  }

  function applyFilter() {
    const mask = new Uint8Array(my.n),
      columns = my.sites.data.columns,
      programme = columns.programme,
      stage = columns.stage,
      unit = columns.unit;
    const okProgramme = programme.words.map(function (word) {
      return my.now.programmes.has(word);
    });
    const okStage = stage.words.map(function (word) {
      return my.now.groups.has(my.groupOf(word));
    });
    const okUnit = unit.words.map(function (word) {
      return !my.now.unit || word === my.now.unit;
    });
    const watched = my.now.watch ? watchOf(my.now.watch) : null,
      more = my.moreOf();
    const shownBy = (my.shownBy = new Uint32Array(programme.words.length));
    let visible = 0,
      hidden = 0;
    for (let i = 0; i < my.n; i++) {
      if ((watched && !watched(i)) || (more && !more(i))) {
        continue;
      }
      if (!okStage[stage.codes[i]] || !okUnit[unit.codes[i]]) {
        continue;
      }
      shownBy[programme.codes[i]]++;
      if (okProgramme[programme.codes[i]]) {
        mask[i] = 1;
        visible++;
        if (!my.sites.data.kinds[i]) {
          hidden++;
        }
      }
    }
    my.sites.setMask(mask);
    my.writeCounts();
    global.renewal.visible = visible;
    my.map.fire("rg:changed");
    RG.fill(
      RG.byId("count"),
      RG.say("项目"),
      " ",
      el("b", {}, String(visible)),
      visible === my.n ? "" : " / " + my.n,
      hidden ? RG.say("({n} 个无位置)", { n: hidden }) : "",
      visible === my.n ? null : el("button", { type: "button", onclick: resetFilter }, RG.say("清除")),
    );
    RG.byId("tab-list").lastElementChild.textContent = String(visible);
    my.renderList();
    my.renderGoals();
    return visible;
  }

  /* whether a site is on one of the planner's lists, as of the day of the page */
  function watchOf(name) {
    const day = Date.parse(my.data.asOf) / 864e5,
      monday = day - ((day + 3) % 7);
    const planned = function (column, i) {
        return my.sites.data.columns[column].values[i];
      },
      group = function (i) {
        return my.groupOf(my.sites.get(i, "stage"));
      };
    const begun = function (i) {
        return group(i) === "under_way" || group(i) === "done";
      },
      done = function (i) {
        return group(i) === "done";
      };
    return {
      start: function (i) {
        const due = planned("planned_start", i);
        return due >= monday && due < monday + 7 && !begun(i);
      },
      finish: function (i) {
        const due = planned("planned_finish", i);
        return due >= monday && due < monday + 7 && !done(i);
      },
      "late-start": function (i) {
        return planned("planned_start", i) < day && !begun(i);
      },
      "late-finish": function (i) {
        return planned("planned_finish", i) < day && !done(i);
      },
      unlocated: function (i) {
        return !my.sites.data.kinds[i];
      },
      elsewhere: disagrees,
    }[name];
  }
  function disagrees(i) {
    const found = my.sites.get(i, "located_name");
    return Boolean(
      found &&
      my.sites.get(i, "declared_unit") &&
      my.sites.get(i, "unit") !== found &&
      my.sites.get(i, "declared_unit") !== found &&
      isDistrict(my.sites.get(i, "unit")),
    );
  }
  /* a functional zone has no polygon: its my.sites lie in some district by right */
  function isDistrict(unit) {
    return my.districtOf(unit) >= 0;
  }

  function resetFilter() {
    filterBy({});
    RG.fit(L.latLngBounds(my.map.rgHome));
  }

  /* for tests and for those who script the page: {programme, stage, unit, watch, light, street, month, listed} */
  function filterBy(words) {
    const all = function (value, every) {
      return new Set(value === undefined ? every : [].concat(value));
    };
    my.now.programmes = all(
      words.programme,
      my.data.programmes.map(function (each) {
        return each.id;
      }),
    );
    my.now.groups = all(
      words.stage,
      my.data.groups.map(function (each) {
        return each.id;
      }),
    );
    my.now.unit = words.unit || "";
    RG.byId("pick-unit").value = my.now.unit;
    my.now.watch = words.watch || "";
    my.setMore(words);
    RG.byId("pick-watch").value = my.now.watch;
    my.pressGroups();
    my.renderTarget();
    return applyFilter();
  }

  Object.assign(my, { makeFilter, applyFilter, watchOf, disagrees, isDistrict, resetFilter, filterBy });
})(window);
