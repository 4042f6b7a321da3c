/* The table of the coverage page: the city, then its districts, in any order. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el;

  RG.coverageTable = function (host, words) {
    const rows = words.rows,
      now = words.now,
      order = now.sort;
    const sum = rows.filter(function (row) {
        return row.unit === words.city;
      }),
      body = rows.filter(function (row) {
        return row.unit !== words.city;
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
      host,
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
                    words.again();
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
                class: row.unit === words.city ? "sum" : part.text === "—" ? "none" : "",
                tabindex: "0",
                "aria-selected": String(row.unit === now.unit),
                onclick: function () {
                  words.choose(row.unit === words.city ? "" : row.unit, true);
                },
                onkeydown: function (event) {
                  if (event.key === "Enter") {
                    words.choose(row.unit === words.city ? "" : row.unit, true);
                  }
                },
              },
              el("td", { title: row.unit }, row.unit),
              el("td", {}, part.all),
              el("td", {}, part.covered),
              el("td", {}, part.text === "—" ? "—" : [words.bar(part.share), part.text]),
            );
          }),
        ),
      ),
    );
  };
})(window);
