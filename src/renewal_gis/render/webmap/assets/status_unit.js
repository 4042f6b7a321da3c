/* The status page: all targets of the chosen unit, with its rank and what it is late with. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el,
    CITY = "全市";
  const my = (RG.status = RG.status || {});

  /* ranks are those of the page's own day: other weeks have none */
  function rankOf(target, unit) {
    const found =
      my.now.week === my.data.days.length - 1 &&
      my.data.ranks.find(function (rank) {
        return rank[0] === target && rank[1] === unit;
      });
    return found ? (found[4] ? RG.say("并列") : "") + RG.say("第{n}", { n: found[3] }) : "—";
  }

  function countLate(watch) {
    const columns = my.sites.data.columns,
      tells = my.watchOf(watch);
    let count = 0;
    for (let i = 0; i < my.n; i++) {
      const unit = columns.unit.words[columns.unit.codes[i]];
      if ((!my.now.unit || unit === my.now.unit) && tells(i)) {
        count++;
      }
    }
    return count;
  }

  function lateButton(watch, text) {
    return el(
      "button",
      {
        type: "button",
        class: "rg-chip",
        onclick: function () {
          my.now.watch = watch;
          RG.byId("pick-watch").value = watch;
          my.applyFilter();
        },
      },
      text + " " + countLate(watch),
    );
  }

  function renderGoals() {
    if (my.now.tab !== "goals") {
      return;
    }
    const unit = my.now.unit || CITY,
      rows = my.data.rows.filter(function (row) {
        return row.unit === unit;
      });
    RG.fill(
      RG.byId("goals"),
      el(
        "div",
        { class: "rg-late" },
        el("b", {}, my.now.unit || RG.say("全市")),
        lateButton("late-start", RG.say("逾期未开工")),
        lateButton("late-finish", RG.say("逾期未完工")),
      ),
      rows.length
        ? el(
            "table",
            { class: "rg-table rg-goals" },
            el(
              "thead",
              {},
              el(
                "tr",
                {},
                [RG.say("目标"), RG.say("完成"), RG.say("完成率"), RG.say("±百分点"), RG.say("名次"), RG.say("灯")].map(
                  function (head) {
                    return el("th", { scope: "col" }, head);
                  },
                ),
              ),
            ),
            el(
              "tbody",
              {},
              rows.map(function (row) {
                const target = my.targetOf(row.target),
                  choose = function () {
                    my.chooseTarget(row.target);
                    renderGoals();
                  };
                return el(
                  "tr",
                  {
                    tabindex: "0",
                    "aria-selected": String(row.target === my.now.target.id),
                    onclick: choose,
                    onkeydown: function (event) {
                      if (event.key === "Enter") {
                        choose();
                      }
                    },
                  },
                  el("td", { title: target.indicator }, target.id + " " + target.indicator),
                  el("td", {}, row.done + "/" + row.base),
                  el("td", {}, row.rateText),
                  el("td", { class: row.pace !== null && row.pace < 0 ? "behind" : "" }, row.paceText),
                  el("td", {}, rankOf(row.target, row.unit)),
                  el("td", {}, row.early ? RG.say("未到") : my.sign(row.light)),
                );
              }),
            ),
          )
        : el("p", { class: "rg-empty" }, RG.say("方案没有给该单位的任务。")),
    );
  }

  Object.assign(my, { renderGoals });
})(window);
