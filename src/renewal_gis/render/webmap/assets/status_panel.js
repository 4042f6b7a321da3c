/* The status page: programmes and the chosen target, in all and by unit. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el,
    CITY = "全市";
  const my = (RG.status = RG.status || {});
  function bar(row, narrow) {
    const full = Math.max(0, Math.min(1, row.rate || 0)) * 100 + "%";
    if (narrow) {
      return el("span", { class: "rg-mini" }, el("i", { css: { width: full } }));
    }
    return el(
      "div",
      { class: "rg-bar" },
      el("i", { css: { width: full } }),
      row.expected === null
        ? null
        : el("u", { css: { left: "calc(" + Math.min(1, row.expected) * 100 + "% - 1px)" } }),
    );
  }
  function sign(light) {
    const look = my.data.lights[light];
    return look
      ? el("span", { class: "rg-sign", title: look.name, css: { color: look.color } }, look.sign)
      : "";
  }

  /* ------------------------------------------------------------ left: programmes and the chosen target */
  function renderProgrammes() {
    const families = new Map();
    for (const programme of my.data.programmes) {
      families.set(programme.family, (families.get(programme.family) || []).concat(programme));
    }
    const counts = countShown();
    RG.fill(
      RG.byId("progs"),
      Array.from(families)
        .map(function (family) {
          return [families.size > 1 ? familyHead(family[0], family[1], counts) : null].concat(
            family[1].map(function (programme) {
              return programmeRow(programme, counts);
            }),
          );
        })
        .flat(),
    );
  }

  /* sites of each programme that the filter leaves, whether the programme is shown or not */
  function countShown() {
    const counts = new Map(),
      column = my.sites.data.columns.programme;
    column.words.forEach(function (word, code) {
      counts.set(word, my.shownBy ? my.shownBy[code] : 0);
    });
    return counts;
  }

  /* the numbers beside the names, without writing the tree anew */
  function writeCounts() {
    const counts = countShown(),
      sums = new Map();
    for (const programme of my.data.programmes) {
      sums.set(programme.family, (sums.get(programme.family) || 0) + (counts.get(programme.id) || 0));
    }
    for (const node of document.querySelectorAll("[data-programme]")) {
      node.textContent = String(counts.get(node.dataset.programme) || 0);
    }
    for (const node of document.querySelectorAll("[data-family]")) {
      node.textContent = String(sums.get(node.dataset.family) || 0);
    }
  }

  /* a family of programmes is shown or hidden as one */
  function familyHead(name, members, counts) {
    const shown = members.filter(function (each) {
      return my.now.programmes.has(each.id);
    });
    const box = el("input", {
      type: "checkbox",
      "aria-label": name,
      onchange: function () {
        for (const each of members) {
          my.now.programmes[box.checked ? "add" : "delete"](each.id);
        }
        my.applyFilter();
        renderProgrammes();
      },
    });
    box.checked = shown.length > 0;
    box.indeterminate = shown.length > 0 && shown.length < members.length;
    const total = members.reduce(function (sum, each) {
      return sum + (counts.get(each.id) || 0);
    }, 0);
    return el("label", { class: "rg-family" }, box, el("span", {}, name), el("small", { "data-family": name }, String(total)));
  }

  function programmeRow(programme, counts) {
    const target = my.data.targets.find(function (each) {
      return each.programme === programme.id && each.id === programme.lead_target;
    });
    const row =
      target &&
      my.data.rows.find(function (each) {
        return each.target === target.id && each.unit === CITY;
      });
    const box = el("input", {
      type: "checkbox",
      title: RG.say("在图上显示") + programme.short,
      "aria-label": RG.say("在图上显示") + programme.name,
    });
    box.checked = my.now.programmes.has(programme.id);
    box.addEventListener("click", function (event) {
      event.stopPropagation();
      my.now.programmes[box.checked ? "add" : "delete"](programme.id);
      my.applyFilter();
    });
    return el(
      "div",
      {
        class: "rg-prog",
        role: "button",
        tabindex: "0",
        "aria-selected": String(my.now.target.programme === programme.id),
        title: programme.name + RG.say(",牵头:") + programme.lead,
        onclick: function () {
          if (target) {
            chooseTarget(target.id);
          }
        },
        onkeydown: function (event) {
          if (event.key === "Enter" && target) {
            chooseTarget(target.id);
          }
        },
      },
      box,
      RG.markOf(programme.symbol),
      el("span", { class: "name" }, programme.short, " ", el("small", { "data-programme": programme.id }, String(counts.get(programme.id) || 0))),
      el(
        "span",
        { class: "num" },
        row ? [el("b", {}, row.done), "/" + row.base + " " + row.measure] : "—",
      ),
      el("span", { class: "rate" }, row ? row.rateText : ""),
      row ? sign(row.light) : "",
    );
  }

  function renderTarget() {
    renderProgrammes();
    const target = my.now.target,
      siblings = my.data.targets.filter(function (each) {
        return each.programme === target.programme;
      });
    const row = my.rowOf(my.now.unit || CITY) || my.rowOf(CITY),
      host = RG.byId("card");
    const select =
      siblings.length > 1
        ? el(
            "select",
            {
              "aria-label": RG.say("指标"),
              onchange: function () {
                chooseTarget(select.value);
              },
            },
            siblings.map(function (each) {
              return el(
                "option",
                { value: each.id, selected: each.id === target.id },
                each.id + "  " + each.indicator,
              );
            }),
          )
        : el("div", { class: "only" }, target.id + "  " + target.indicator);
    RG.fill(
      host,
      select,
      row
        ? [
            el(
              "div",
              { class: "row" },
              el("span", { class: "big" }, row.rateText),
              el("span", { class: "of" }, (row.unit === CITY ? RG.say(CITY) : row.unit) + " " + row.done + " / " + row.base + " " + row.measure),
              el(
                "span",
                { class: "say" },
                RG.lightChip(row.light, my.data.lights[row.light] && RG.say(my.data.lights[row.light].name)) ||
                  el("span", { class: "rg-chip" }, target.striving ? RG.say("力争目标") : row.early ? RG.say("未到起算日") : RG.say("不亮灯")),
              ),
            ),
            bar(row),
            el(
              "div",
              { class: "rg-keys" },
              row.expected === null
                ? el("span", {}, RG.say("无序时进度要求"))
                : el("span", {}, el("u"), RG.say("序时进度 ") + row.expectedText),
              el("span", {}, row.paceTell),
            ),
            el(
              "p",
              { class: "note" },
              RG.say("时限:") +
                target.deadline +
                "(" +
                target.deadline_text +
                ")。" +
                (row.basis === "ledger"
                  ? RG.say("方案未给出任务数,以台账数为分母。")
                  : row.basis === "derived"
                    ? RG.say("任务数按方案推算。")
                    : "") +
                (row.unlocated ? row.unlocated + " " + row.measure + RG.say("无位置,计入任务,不上图。") : "") +
                (row.passed === null ? "" : RG.say("{units} 个单位中 {passed} 个已完成本单位任务。", row)),
            ),
          ]
        : el("p", { class: "note" }, RG.say("此目标没有进度数据。")),
    );
    renderUnits();
    my.renderGoals();
    my.paintDistricts();
  }

  function renderUnits() {
    const host = RG.byId("units"),
      rows = my.rowsOf(my.now.target),
      heads = [
        ["unit", RG.say("单位")],
        ["base", RG.say("任务")],
        ["done", RG.say("完成")],
        ["rate", RG.say("完成率")],
        ["expected", RG.say("序时")],
        ["pace", RG.say("±百分点")],
        ["light", RG.say("灯")],
      ];
    const body = rows.filter(function (row) {
        return row.unit !== CITY;
      }),
      sum = rows.filter(function (row) {
        return row.unit === CITY;
      });
    const order = my.now.sort;
    if (order[0]) {
      body.sort(function (a, b) {
        const x = a[order[0]],
          y = b[order[0]];
        if (x === null || y === null) {
          return (x === null) - (y === null);
        }
        return order[1] * (typeof x === "string" ? x.localeCompare(y, "zh-CN") : x - y);
      });
    }
    const table = el(
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
                  my.now.sort =
                    order[0] === head[0]
                      ? order[1] < 0
                        ? [head[0], 1]
                        : ["", 1]
                      : [head[0], head[0] === "unit" ? 1 : -1];
                  renderUnits();
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
          return el(
            "tr",
            {
              class: row.unit === CITY ? "sum" : row.base === "—" ? "none" : "",
              tabindex: "0",
              "aria-selected": String(row.unit === my.now.unit),
              onclick: function () {
                my.chooseUnit(row.unit === CITY ? "" : row.unit, true);
              },
              onkeydown: function (event) {
                if (event.key === "Enter") {
                  my.chooseUnit(row.unit === CITY ? "" : row.unit, true);
                }
              },
            },
            el("td", { title: row.unit }, row.unit === CITY ? RG.say(CITY) : row.unit),
            el("td", {}, row.base),
            el("td", {}, row.done),
            el("td", {}, row.rate === null ? "—" : [bar(row, true), row.rateText]),
            el("td", {}, row.expectedText),
            el("td", { class: row.pace !== null && row.pace < 0 ? "behind" : "" }, row.paceText),
            el("td", {}, row.early ? RG.say("未到") : sign(row.light)),
          );
        }),
      ),
    );
    RG.fill(
      host,
      table,
      body.length ? null : el("p", { class: "rg-empty" }, RG.say("方案未将此项任务分解到县(市、区),只列全市。")),
    );
  }

  function chooseTarget(id) {
    my.now.target = my.targetOf(id);
    my.now.sort = ["", 1];
    renderTarget();
  }

  Object.assign(my, { writeCounts, bar, sign, renderProgrammes, renderTarget, renderUnits, chooseTarget });
})(window);
