/* The status page: the sheet of one project. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const el = RG.el;
  const my = (RG.status = RG.status || {});

  /* ------------------------------------------------------------ one project */
  function openSite(i, focus) {
    my.now.chosen = i;
    const programme = my.programmeOf(my.sites.get(i, "programme")),
      get = function (column) {
        return my.sites.get(i, column);
      },
      stage = get("stage") || "not_started",
      id = get("site_id"),
      today = Date.parse(my.data.asOf) / 864e5;
    /* what came after the day that is shown is not told */
    const place = programme.stages.indexOf(stage),
      day = function (column) {
        const value = get(column);
        return value === undefined || (/^(actual_|r:)/.test(column) && value > today) ? "" : RG.day(value);
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
        const date = k <= place ? day("r:" + code) : "";
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
        RG.markOf(programme.symbol, my.fillOf(i)),
        el("span", {}, programme.name),
        el("span", { class: "rg-chip" }, get("site_id")),
        get("category") ? el("span", { class: "rg-chip" }, get("category")) : null,
        get("simulated") === "True" ? el("span", { class: "rg-stamp simulated" }, RG.say("模拟数据")) : null,
      ].filter(Boolean),
      [
        photoSection(id),
        el("section", {}, el("h3", {}, RG.say("进度")), steps),
        listedSection(id),
        gateSection(programme, place, id),
        RG.section(RG.say("责任"), [
          [RG.say("管理单位"), get("unit")],
          [RG.say("填报单位"), get("declared_unit") === get("unit") ? "" : get("declared_unit")],
          [RG.say("分包领导"), get("leader")],
          [RG.say("推进专班"), get("task_force")],
          [RG.say("施工单位"), get("contractor")],
          [RG.say("牵头单位"), programme.lead],
        ]),
        RG.section(RG.say("位置"), [
          [RG.say("街道乡镇"), get("township")],
          [RG.say("地址"), get("address")],
          [RG.say("所在区县"), get("located_name")],
          [RG.say("定位方式"), get("placement")],
          [RG.say("跨界份额"), get("shares")],
          [RG.say("提示"), my.disagrees(i) ? RG.say("填报单位与位置所在区县不一致,以填报为准,待核对") : ""],
        ]),
        RG.section(RG.say("规模"), [
          [RG.say("户数"), number("households", RG.say("户"))],
          [RG.say("楼栋"), number("buildings", RG.say("栋"))],
          [RG.say("套数"), number("dwellings", RG.say("套"))],
          [RG.say("建筑面积"), number("floor_area_m2", RG.say("平方米"))],
          [RG.say("长度"), number("length_m", RG.say("米"))],
          [RG.say("投资"), number("investment_wan", RG.say("万元"))],
          [RG.say("征求意见"), share("consulted_share")],
          [RG.say("居民满意度"), share("satisfied_share")],
        ]),
        RG.section(RG.say("工期"), [
          [RG.say("计划开工"), day("planned_start")],
          [RG.say("实际开工"), day("actual_start")],
          [RG.say("计划完工"), day("planned_finish")],
          [RG.say("实际完工"), day("actual_finish")],
        ]),
        get("content_items")
          ? el(
              "section",
              {},
              el("h3", {}, RG.say("改造内容")),
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
        eventSection(id),
        RG.section(RG.say("台账"), [
          [RG.say("备注"), get("notes")],
          [
            RG.say("来源"),
            get("source_file") +
              (get("source_row") === get("source_row") ? RG.say(" 第 ") + get("source_row") + RG.say(" 行") : ""),
          ],
        ]),
      ],
    );
    RG.mark(my.sites, i, focus);
    my.showChosen();
    my.map.fire("rg:changed");
  }

  function photoSection(id) {
    const mine = my.data.photos[id];
    if (!mine) {
      return null;
    }
    const shown = [
      ["photo_before", RG.say("改造前")],
      ["photo_after", RG.say("改造后")],
    ]
      .filter(function (slot) {
        return mine[slot[0]];
      })
      .map(function (slot) {
        const source = mine[slot[0]];
        return el(
          "figure",
          {},
          source.startsWith("data:image/jpeg;base64,")
            ? el("img", { src: source, alt: slot[1] })
            : el("a", { href: source, target: "_blank", rel: "noopener" }, RG.say("打开照片(在网页旁的 photos 文件夹中)")),
          el("figcaption", {}, slot[1]),
        );
      });
    return el("section", { class: "rg-photos" }, shown);
  }

  function listedSection(id) {
    const rows = my.data.supervised.filter(function (row) {
      return row.site === id && row.opened <= my.data.asOf;
    });
    return rows.length
      ? el(
          "section",
          {},
          el("h3", {}, RG.say("挂牌督办")),
          rows.map(function (row) {
            return el("p", { class: "note" }, [row.number, row.reason, row.opened, row.deadline].filter(Boolean).join(" · "));
          }),
        )
      : null;
  }

  /* what the plan asks for at a stage, and whether the ledger keeps to it */
  function gateSection(programme, place, id) {
    const breaches = my.data.breaches[id] || [],
      gates = my.data.gates.filter(function (gate) {
        return gate.programme === programme.id;
      });
    if (!gates.length) {
      return null;
    }
    return el(
      "section",
      {},
      el("h3", {}, RG.say("把关条件")),
      el(
        "ul",
        { class: "rg-gates" },
        gates.map(function (gate) {
          const due = place >= programme.stages.indexOf(gate.stage),
            broken = due && breaches.find(function (text) {
              return text.includes(gate.text);
            });
          return el(
            "li",
            { class: broken ? "broken" : due ? "kept" : "" },
            el("b", { "aria-hidden": "true" }, broken ? "✗" : due ? "✓" : "○"),
            el("span", {}, my.stageName(gate.stage) + ":" + gate.text + (due ? "" : RG.say("(未到该阶段)"))),
          );
        }),
      ),
    );
  }

  function eventSection(id) {
    const rows = (my.data.events[id] || []).filter(function (event) {
      return event[0] <= my.data.asOf;
    });
    return rows.length
      ? el(
          "section",
          {},
          el("h3", {}, RG.say("进展记录")),
          el(
            "ul",
            { class: "rg-events" },
            rows
              .slice()
              .reverse()
              .map(function (event) {
                return el(
                  "li",
                  {},
                  el("time", {}, event[0]),
                  el(
                    "span",
                    {},
                    [event[2] ? my.stageName(event[2]) : "", event[1] === "correction" ? RG.say("更正") : "", event[3], event[4]]
                      .filter(Boolean)
                      .join(" · "),
                  ),
                );
              }),
          ),
        )
      : null;
  }

  Object.assign(my, { openSite });
})(window);
