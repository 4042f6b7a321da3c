/* The status page: the list of projects and the search. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const el = RG.el;
  const my = (RG.status = RG.status || {});
  const PRIVATE = ["declared_unit", "address", "investment_wan", "leader", "task_force", "notes"],
    collator = new Intl.Collator("zh-CN-u-co-pinyin");
  my.orders = new Map();
  /* ------------------------------------------------------------ list of projects */
  function makeTabs() {
    const tabs = [
      ["units", RG.say("单位进展")],
      ["goals", RG.say("各项目标")],
      ["list", RG.say("项目清单")],
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
              my.renderGoals();
            },
          },
          tab[1],
          " ",
          el("small", {}),
        );
      }),
      el(
        "button",
        { id: "copy", class: "rg-take", type: "button", title: RG.say("筛选出的项目复制到剪贴板"), onclick: copyTable },
        RG.say("复制"),
      ),
      el(
        "button",
        { id: "take", class: "rg-take", type: "button", title: RG.say("筛选出的项目存为 CSV"), onclick: takeTable },
        RG.say("导出 CSV"),
      ),
    );
  }

  /* as a spreadsheet takes it: columns apart by tabs; signs that would start a formula are quoted */
  function copyTable() {
    const table = gatherTable(),
      text = RG.writeTabs(table.heads, table.rows),
      button = RG.byId("copy");
    const tell = function (word) {
      button.textContent = word;
      setTimeout(function () {
        button.textContent = RG.say("复制");
      }, 1500);
    };
    RG.copyText(text).then(
      function () {
        tell(RG.say("已复制"));
      },
      function () {
        tell(RG.say("不能复制"));
      },
    );
  }

  /* what the filter shows, for a spreadsheet */
  function gatherTable() {
    const columns = [
      ["site_id", RG.say("编号")],
      ["name", RG.say("项目名称")],
      ["programme", RG.say("专项")],
      ["category", RG.say("类别")],
      ["stage", RG.say("阶段")],
      ["unit", RG.say("管理单位")],
      ["declared_unit", RG.say("填报单位")],
      ["located_name", RG.say("所在区县")],
      ["township", RG.say("街道(乡镇)")],
      ["address", RG.say("地址")],
      ["households", RG.say("户数")],
      ["investment_wan", RG.say("投资(万元)")],
      ["leader", RG.say("分包领导")],
      ["task_force", RG.say("推进专班")],
      ["planned_start", RG.say("计划开工")],
      ["planned_finish", RG.say("计划完工")],
      ["actual_start", RG.say("实际开工")],
      ["actual_finish", RG.say("实际完工")],
      ["notes", RG.say("备注")],
    ].filter(function (column) {
      return !my.data.public || !PRIVATE.includes(column[0]);
    });
    const day = Date.parse(my.data.asOf) / 864e5;
    const rows = orderSites()
      .filter(function (i) {
        return my.sites.mask[i];
      })
      .map(function (i) {
        return columns.map(function (column) {
          const value = my.sites.get(i, column[0]);
          if (column[0] === "programme") {
            return my.programmeOf(value).name;
          }
          if (column[0] === "stage") {
            return my.stageName(value);
          }
          if (/_(start|finish)$/.test(column[0])) {
            return column[0].startsWith("actual") && value > day ? "" : RG.day(value);
          }
          return value;
        });
      });
    return {
      heads: columns.map(function (column) {
        return column[1];
      }),
      rows: rows,
    };
  }

  function takeTable() {
    const table = gatherTable();
    RG.saveFile(
      RG.say("项目清单") + "-" + my.data.asOf + (my.data.simulated ? "-" + RG.say("模拟数据") : "") + ".csv",
      new Blob([RG.writeCsv(table.heads, table.rows)], { type: "text/csv;charset=utf-8" }),
    );
  }

  function renderList() {
    if (my.now.tab !== "list") {
      return;
    }
    const found = orderSites().filter(function (i) {
      return my.sites.mask[i];
    });
    const host = RG.byId("list"),
      items = el("div");
    RG.fill(host, sorter(), items);
    RG.longList(
      items,
      found.length,
      function (k) {
        const i = found[k],
          programme = my.programmeOf(my.sites.get(i, "programme"));
        return el(
          "button",
          {
            class: "rg-item",
            type: "button",
            "data-site": String(i),
            "aria-selected": String(i === my.now.chosen),
            onclick: function () {
              my.openSite(i, 16);
              renderChosen(this);
            },
          },
          RG.markOf(programme.symbol, fillOf(i)),
          el("span", { class: "what" }, my.sites.get(i, "name") || my.sites.get(i, "site_id")),
          el("span", { class: "end" }, my.stageName(my.sites.get(i, "stage"))),
          el(
            "span",
            { class: "sub one" },
            [my.sites.get(i, "unit"), my.sites.get(i, "township"), my.sites.data.kinds[i] ? "" : RG.say("无位置")]
              .filter(Boolean)
              .join(" · "),
          ),
        );
      },
      RG.say("没有符合条件的项目"),
    );
  }
  /* by number as the ledger has them, or by what one asks for; equal ones stay in the ledger's order */
  function orderSites() {
    const key = my.now.order + (my.now.order === "stage" ? my.data.asOf : "");
    if (!my.orders.has(key)) {
      my.orders.set(key, sortSites(my.now.order));
    }
    return my.orders.get(key);
  }
  function sortSites(name) {
    const column = my.sites.data.columns[name],
      list = Array.from({ length: my.n }, function (_, i) {
        return i;
      });
    if (name === "stage") {
      const rank = function (i) {
        const programme = my.programmeOf(my.sites.get(i, "programme"));
        return programme ? programme.stages.indexOf(my.sites.get(i, "stage")) : -1;
      };
      return list.sort(function (a, b) {
        return rank(a) - rank(b) || a - b;
      });
    }
    if (column.kind === "text") {
      const order = column.words.map(function (word, code) {
        return [word, code];
      });
      order.sort(function (a, b) {
        return name === "site_id" ? (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) : collator.compare(a[0], b[0]);
      });
      const place = new Uint32Array(order.length);
      order.forEach(function (each, k) {
        place[each[1]] = k;
      });
      return list.sort(function (a, b) {
        return place[column.codes[a]] - place[column.codes[b]] || a - b;
      });
    }
    const value = function (i) {
      return column.values[i] === column.values[i] ? column.values[i] : Infinity;
    };
    return list.sort(function (a, b) {
      const x = value(a),
        y = value(b);
      return x === y ? a - b : x - y;
    });
  }
  function sorter() {
    const select = el(
      "select",
      {
        "aria-label": RG.say("排序"),
        onchange: function () {
          my.now.order = select.value;
          renderList();
        },
      },
      [
        ["site_id", RG.say("按编号")],
        ["name", RG.say("按名称")],
        ["unit", RG.say("按单位")],
        ["stage", RG.say("按阶段")],
        ["planned_finish", RG.say("按计划完工")],
      ].map(function (order) {
        return el("option", { value: order[0], selected: order[0] === my.now.order }, order[1]);
      }),
    );
    return el("div", { class: "rg-sorter" }, select);
  }
  /* the map tells the list which project it is about */
  function showChosen() {
    const node = document.querySelector('.rg-item[data-site="' + my.now.chosen + '"]');
    for (const other of document.querySelectorAll(".rg-item[aria-selected=true]")) {
      other.setAttribute("aria-selected", "false");
    }
    if (node) {
      renderChosen(node);
      node.scrollIntoView({ block: "nearest" });
    }
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
        sub: RG.say("责任单位"),
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
          my.openSite(i, 16);
        },
      });
    }
    return list;
  }

  Object.assign(my, {
    makeTabs,
    takeTable,
    gatherTable,
    renderList,
    orderSites,
    renderChosen,
    showChosen,
    fillOf,
    searchEntries,
  });
})(window);
