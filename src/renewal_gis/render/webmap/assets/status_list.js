/* The status page: the list of projects, the search, and the sheet of one project. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const el = RG.el;
  const my = (RG.status = RG.status || {});
  /* ------------------------------------------------------------ list of projects */
  function makeTabs() {
    const tabs = [
      ["units", "单位进展", ""],
      ["list", "项目清单", ""],
    ];
    RG.fill(
      RG.byId("tabs"),
      tabs.map(function (tab) {
        return el(
          "button",
          {
            id: "tab-" + tab[0],
            type: "button",
            role: "tab",
            "aria-selected": String(my.now.tab === tab[0]),
            onclick: function () {
              my.now.tab = tab[0];
              for (const other of tabs) {
                RG.byId("tab-" + other[0]).setAttribute("aria-selected", String(other[0] === my.now.tab));
                RG.byId(other[0]).hidden = other[0] !== my.now.tab;
              }
              renderList();
            },
          },
          tab[1] + " ",
          el("small", {}),
        );
      }),
      el(
        "button",
        { id: "take", class: "rg-take", type: "button", title: "筛选出的项目存为 CSV", onclick: takeTable },
        "导出 CSV",
      ),
    );
  }

  /* what the filter shows, for a spreadsheet */
  function takeTable() {
    const columns = [
      ["site_id", "编号"],
      ["name", "项目名称"],
      ["programme", "专项"],
      ["category", "类别"],
      ["stage", "阶段"],
      ["unit", "管理单位"],
      ["declared_unit", "填报单位"],
      ["located_name", "所在区县"],
      ["township", "街道(乡镇)"],
      ["address", "地址"],
      ["households", "户数"],
      ["investment_wan", "投资(万元)"],
      ["leader", "分包领导"],
      ["task_force", "推进专班"],
      ["planned_start", "计划开工"],
      ["planned_finish", "计划完工"],
      ["actual_start", "实际开工"],
      ["actual_finish", "实际完工"],
      ["notes", "备注"],
    ];
    const rows = orderSites()
      .filter(function (i) {
        return my.sites.mask[i];
      })
      .map(function (i) {
        return columns.map(function (column) {
          const value = my.sites.get(i, column[0]);
          return column[0] === "programme"
            ? my.programmeOf(value).name
            : column[0] === "stage"
              ? my.stageName(value)
              : /_(start|finish)$/.test(column[0])
                ? RG.day(value)
                : value;
        });
      });
    const text = RG.writeCsv(
      columns.map(function (column) {
        return column[1];
      }),
      rows,
    );
    RG.saveFile(
      "项目清单-" + my.data.asOf + (my.data.simulated ? "-模拟数据" : "") + ".csv",
      new Blob([text], { type: "text/csv;charset=utf-8" }),
    );
  }

  function renderList() {
    if (my.now.tab !== "list") {
      return;
    }
    const found = orderSites().filter(function (i) {
      return my.sites.mask[i];
    });
    RG.longList(
      RG.byId("list"),
      found.length,
      function (k) {
        const i = found[k],
          programme = my.programmeOf(my.sites.get(i, "programme"));
        return el(
          "button",
          {
            class: "rg-item",
            type: "button",
            "aria-selected": String(i === my.now.chosen),
            onclick: function () {
              openSite(i, 16);
              renderChosen(this);
            },
          },
          RG.markOf(programme.symbol, fillOf(i)),
          el("span", { class: "what" }, my.sites.get(i, "name") || my.sites.get(i, "site_id")),
          el("span", { class: "end" }, my.stageName(my.sites.get(i, "stage"))),
          el(
            "span",
            { class: "sub one" },
            [my.sites.get(i, "unit"), my.sites.get(i, "township"), my.sites.data.kinds[i] ? "" : "无位置"]
              .filter(Boolean)
              .join(" · "),
          ),
        );
      },
      "没有符合条件的项目",
    );
  }
  /* by number, as the ledger has them; sorted when the list is first opened */
  function orderSites() {
    if (!my.data.order) {
      const ids = Array.from({ length: my.n }, function (_, i) {
        return my.sites.get(i, "site_id");
      });
      my.data.order = Array.from({ length: my.n }, function (_, i) {
        return i;
      }).sort(function (a, b) {
        return ids[a] < ids[b] ? -1 : ids[a] > ids[b] ? 1 : 0;
      });
    }
    return my.data.order;
  }
  function renderChosen(node) {
    for (const other of document.querySelectorAll(".rg-item[aria-selected=true]")) {
      other.setAttribute("aria-selected", "false");
    }
    node.setAttribute("aria-selected", "true");
  }
  function fillOf(i) {
    const group = my.groupOf(my.sites.get(i, "stage"));
    return my.data.groups.find(function (each) {
      return each.id === group;
    }).fill;
  }

  function searchEntries() {
    const list = my.data.units.map(function (unit) {
      return {
        text: unit,
        sub: "责任单位",
        go: function () {
          my.now.unit = "";
          my.chooseUnit(unit, true);
        },
      };
    });
    for (let i = 0; i < my.n; i++) {
      list.push({
        text: my.sites.get(i, "name") || my.sites.get(i, "site_id"),
        key: String(my.sites.get(i, "site_id")).toLowerCase(),
        sub: my.sites.get(i, "unit"),
        mark: function () {
          return RG.markOf(my.programmeOf(my.sites.get(i, "programme")).symbol, fillOf(i));
        },
        go: function () {
          openSite(i, 16);
        },
      });
    }
    return list;
  }

  /* ------------------------------------------------------------ one project */
  function openSite(i, focus) {
    my.now.chosen = i;
    const programme = my.programmeOf(my.sites.get(i, "programme")),
      get = function (column) {
        return my.sites.get(i, column);
      },
      stage = get("stage") || "not_started";
    const place = programme.stages.indexOf(stage),
      day = function (column) {
        return RG.day(get(column));
      };
    const number = function (column, unit) {
      const value = get(column);
      return value === value && value !== undefined
        ? Number(value.toFixed(2)).toLocaleString("zh-CN") + " " + unit
        : "";
    };
    const share = function (column) {
      const value = get(column);
      return value === value && value !== undefined ? (value * 100).toFixed(1) + "%" : "";
    };
    const steps = el(
      "ol",
      { class: "rg-steps" },
      programme.stages.map(function (code, k) {
        const date = RG.day(get("r:" + code) === undefined ? NaN : get("r:" + code));
        return el(
          "li",
          { class: (k <= place ? "past" : "") + (k === place ? " now" : "") },
          my.stageName(code),
          el("time", {}, date),
        );
      }),
    );
    RG.openSheet(
      get("name") || get("site_id"),
      [
        RG.markOf(programme.symbol, fillOf(i)),
        el("span", {}, programme.name),
        el("span", { class: "rg-chip" }, get("site_id")),
        get("category") ? el("span", { class: "rg-chip" }, get("category")) : null,
        get("simulated") === "True" ? el("span", { class: "rg-stamp simulated" }, "模拟数据") : null,
      ].filter(Boolean),
      [
        el("section", {}, el("h3", {}, "进度"), steps),
        RG.section("责任", [
          ["管理单位", get("unit")],
          ["填报单位", get("declared_unit") === get("unit") ? "" : get("declared_unit")],
          ["分包领导", get("leader")],
          ["推进专班", get("task_force")],
          ["施工单位", get("contractor")],
          ["牵头单位", programme.lead],
        ]),
        RG.section("位置", [
          ["街道乡镇", get("township")],
          ["地址", get("address")],
          ["所在区县", get("located_name")],
          ["定位方式", get("placement")],
          ["跨界份额", get("shares")],
          ["提示", my.disagrees(i) ? "填报单位与位置所在区县不一致,以填报为准,待核对" : ""],
        ]),
        RG.section("规模", [
          ["户数", number("households", "户")],
          ["楼栋", number("buildings", "栋")],
          ["套数", number("dwellings", "套")],
          ["建筑面积", number("floor_area_m2", "平方米")],
          ["长度", number("length_m", "米")],
          ["投资", number("investment_wan", "万元")],
          ["征求意见", share("consulted_share")],
          ["居民满意度", share("satisfied_share")],
        ]),
        RG.section("工期", [
          ["计划开工", day("planned_start")],
          ["实际开工", day("actual_start")],
          ["计划完工", day("planned_finish")],
          ["实际完工", day("actual_finish")],
        ]),
        get("content_items")
          ? el(
              "section",
              {},
              el("h3", {}, "改造内容"),
              el(
                "div",
                { class: "rg-tagrow" },
                get("content_items")
                  .split("、")
                  .map(function (word) {
                    return el("span", { class: "rg-chip" }, word);
                  }),
              ),
            )
          : null,
        RG.section("台账", [
          ["备注", get("notes")],
          [
            "来源",
            get("source_file") +
              (get("source_row") === get("source_row") ? " 第 " + get("source_row") + " 行" : ""),
          ],
        ]),
      ],
    );
    RG.mark(my.sites, i, focus);
    my.map.fire("rg:changed");
  }

  Object.assign(my, {
    makeTabs,
    takeTable,
    renderList,
    orderSites,
    renderChosen,
    fillOf,
    searchEntries,
    openSite,
  });
})(window);
