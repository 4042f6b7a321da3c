/* The status page: the filters that are not needed every day, folded away. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el;
  const my = (RG.status = RG.status || {});
  /* key in a link, name in a filter */
  my.MORE = [
    ["l", "light"],
    ["r", "street"],
    ["m", "month"],
    ["b", "listed"],
  ];
  const OPEN = ["open", "extended", "delisting_requested", "overdue"];

  function wordsOf(name) {
    const columns = my.sites.data.columns;
    if (name === "street") {
      return columns.township.words.filter(Boolean).slice().sort((a, b) => a.localeCompare(b, "zh-CN"));
    }
    if (name === "month") {
      const months = new Set();
      for (const day of new Set(columns.planned_finish.values)) {
        if (day === day) {
          months.add(RG.day(day).slice(0, 7));
        }
      }
      return Array.from(months).sort();
    }
    return [];
  }

  function makeMore() {
    const button = el(
        "button",
        {
          id: "more",
          type: "button",
          "aria-expanded": "false",
          "aria-controls": "more-box",
          onclick: function () {
            box.hidden = !box.hidden;
            button.setAttribute("aria-expanded", String(!box.hidden));
          },
        },
        RG.say("更多条件"),
      ),
      lights = Object.keys(my.data.lights).map(function (light) {
        return [light, RG.say(my.data.lights[light].name)];
      }),
      plain = function (word) {
        return [word, word];
      };
    const box = el(
      "div",
      { id: "more-box", class: "rg-more-box", hidden: true },
      pick("light", RG.say("灯(本专项、本单位)"), lights),
      pick("street", RG.say("街道乡镇"), wordsOf("street").map(plain)),
      pick("month", RG.say("计划完工月份"), wordsOf("month").map(plain)),
      my.data.public
        ? null
        : pick("listed", RG.say("挂牌督办"), [
            ["open", RG.say("挂牌中")],
            ["overdue", RG.say("挂牌逾期")],
            ["ever", RG.say("曾挂牌")],
          ]),
    );
    document.addEventListener("pointerdown", function (event) {
      if (!event.target.closest("#more-box, #more")) {
        box.hidden = true;
        button.setAttribute("aria-expanded", "false");
      }
    });
    return el("div", { class: "rg-group rg-more-group" }, button, box);
  }

  function pick(name, label, options) {
    const select = el(
      "select",
      {
        id: "pick-" + name,
        onchange: function () {
          my.now.more[name] = select.value;
          my.applyFilter();
        },
      },
      el("option", { value: "" }, RG.say("不限")),
      options.map(function (option) {
        return el("option", { value: option[0] }, option[1]);
      }),
    );
    return el("label", {}, el("span", {}, label), select);
  }

  /* the filters that are set, as one question about a site; null where none is */
  function moreOf() {
    const now = my.now.more,
      columns = my.sites.data.columns,
      tests = [];
    if (now.light) {
      const lights = new Map();
      for (const row of my.data.rows) {
        lights.set(row.target + "\n" + row.unit, row.light);
      }
      const programme = columns.programme,
        unit = columns.unit,
        lead = programme.words.map(function (id) {
          return (my.programmeOf(id) || {}).lead_target || "";
        });
      tests.push(function (i) {
        const key = lead[programme.codes[i]] + "\n" + unit.words[unit.codes[i]];
        return lights.get(key) === now.light;
      });
    }
    if (now.street) {
      const at = columns.township.words.indexOf(now.street);
      tests.push(function (i) {
        return columns.township.codes[i] === at;
      });
    }
    if (now.month) {
      const from = Date.parse(now.month + "-01") / 864e5,
        next = new Date(now.month + "-01");
      next.setUTCMonth(next.getUTCMonth() + 1);
      const to = next.getTime() / 864e5;
      tests.push(function (i) {
        const day = columns.planned_finish.values[i];
        return day >= from && day < to;
      });
    }
    if (now.listed) {
      const wanted = new Set(
        my.data.supervised
          .filter(function (row) {
            return now.listed === "ever" || (now.listed === "overdue" ? row.state === "overdue" : OPEN.includes(row.state));
          })
          .map(function (row) {
            return row.site;
          }),
      );
      tests.push(function (i) {
        return wanted.has(my.sites.get(i, "site_id"));
      });
    }
    return tests.length
      ? function (i) {
          return tests.every(function (test) {
            return test(i);
          });
        }
      : null;
  }

  function setMore(words) {
    for (const [, name] of my.MORE) {
      my.now.more[name] = words[name] === undefined ? "" : String(words[name]);
      const select = RG.byId("pick-" + name);
      if (select) {
        select.value = my.now.more[name];
      }
    }
  }
  /* words of a link count only where the list has them */
  function readMore(words) {
    const known = {};
    for (const [key, name] of my.MORE) {
      const select = RG.byId("pick-" + name);
      if (
        select &&
        Array.from(select.options).some(function (option) {
          return option.value === words[key];
        })
      ) {
        known[name] = words[key];
      }
    }
    setMore(known);
  }

  Object.assign(my, { makeMore, moreOf, setMore, readMore });
})(window);
