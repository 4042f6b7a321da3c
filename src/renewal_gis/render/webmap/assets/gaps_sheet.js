/* The roads page: the sheet of one finding, and for a link the way round before and the way through after. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L,
    el = RG.el,
    my = RG.gaps;

  function open(id, i, focus) {
    const kind = my.kinds[id],
      get = function (column) {
        return kind.layer.get(i, column);
      },
      word = get(kind.by);
    const stamp = el("span", { class: "rg-stamp suspected" }, my.data.suspected);
    let title = "",
      tags = [],
      sections = [];
    if (id === "links") {
      title = "第 " + get("rank") + " 位 · " + (get("name") || kind.words[word]);
      tags = [stamp, el("span", { class: "rg-chip" }, kind.words[word])];
      sections = [
        el(
          "section",
          { class: "rg-card" },
          el(
            "div",
            { class: "row" },
            el("span", { class: "big" }, get("saved")),
            el("span", { class: "of" }, "打通后少绕行"),
          ),
        ),
        RG.section("指标", [
          ["拟打通长度", get("length")],
          ["现状绕行", get("detour")],
          ["绕行倍数", get("ratio")],
          ["优先度", get("priority")],
          ["此处应有路", get("score")],
          ["跨越阻隔", get("barriers") || "无"],
          ["规划道路", get("planned") === "True" ? "相符" : "无资料或不相符"],
        ]),
        RG.section("位置", [
          ["所在区县", get("district")],
          ["所接道路", get("name")],
          ["台账编号", get("ledger_site")],
          ["受益户数", get("households")],
          ["邻近项目", get("sites_near")],
          ["新增覆盖", get("reach")],
        ]),
        reasons(get("reasons")),
      ];
    } else if (id === "dead_ends") {
      title = get("name") || "无名道路";
      tags = [
        RG.markOf(kind.marks[word]),
        el("span", {}, kind.words[word]),
        word === "candidate" ? stamp : null,
      ];
      sections = [
        RG.section("端点", [
          ["道路等级", get("class_name")],
          ["断头段长", get("stub")],
          ["道路编号", get("street_id")],
        ]),
        reasons(get("reason")),
      ];
    } else {
      title = kind.words[word];
      tags = [RG.markOf(kind.marks[word]), el("span", { class: "rg-chip" }, "修改数据,不是修路")];
      sections = [
        RG.section("缺陷", [
          ["偏差", get("size")],
          ["修改建议", get("repair")],
        ]),
      ];
    }
    clearRoutes();
    my.now.chosen = id + "/" + i;
    if (my.now.tab !== id) {
      my.now.tab = id;
      for (const other of Object.keys(my.kinds)) {
        RG.byId("tab-" + other).setAttribute("aria-selected", String(other === id));
      }
      my.list();
    }
    my.select();
    const told = id === "links" ? drawRoutes(i, focus) : null;
    RG.openSheet(
      title,
      tags.filter(Boolean),
      [sections[0], told, sections.slice(1)]
        .flat()
        .concat(el("section", {}, el("p", { class: "rg-hint" }, my.data.hint))),
    );
    RG.mark(told ? null : kind.layer, i, focus);
  }

  /* ------------------------------------------------------------ the way round, and the way through */
  const BEFORE = { color: "#7b3294", weight: 5, opacity: 0.85, dashArray: "9 6", interactive: false },
    AFTER = { color: "#00a35a", weight: 6, opacity: 0.95, interactive: false },
    NEAR_SHARE = 0.08,
    FAR_M = 20000;
  let graph = null,
    drawn = [];
  function clearRoutes() {
    drawn.forEach(function (path) {
      path.remove();
    });
    drawn = [];
  }
  function lineOfLink(i) {
    const shape = my.layers.links.data,
      points = [];
    for (let k = shape.pathStart[shape.featureStart[i]]; k < shape.pathStart[shape.featureStart[i] + 1]; k++) {
      points.push([shape.lat[k], shape.lon[k]]);
    }
    return points;
  }
  /* the way round counts only if it is as long as the survey says: roads that cross without meeting may deceive it */
  function findDetour(i, points) {
    const wanted = my.layers.links.get(i, "network_m");
    if (!my.layers.roads || !(wanted > 0) || wanted > FAR_M) {
      return null;
    }
    graph = graph || new RG.RoadGraph(my.layers.roads.data);
    const found = graph.route(points[0], points[points.length - 1], wanted * 1.2 + 200);
    return found && Math.abs(found.length - wanted) <= NEAR_SHARE * wanted + 30 ? found : null;
  }
  function drawRoutes(i, focus) {
    clearRoutes();
    const points = lineOfLink(i),
      detour = findDetour(i, points),
      get = function (column) {
        return my.layers.links.get(i, column);
      };
    drawn.push(L.polyline(points, AFTER).addTo(my.map));
    const rows = [
      el(
        "div",
        { class: "rg-pairs" },
        RG.pair(
          RG.lineOf({ color: BEFORE.color, width: 3, dash: [5, 3] }),
          detour
            ? "打通前绕行 " + get("detour")
            : get("network_m") > 0
              ? "打通前绕行 " + get("detour") + "(路线未能在图上复原)"
              : "打通前 " + get("detour"),
        ),
        RG.pair(RG.lineOf({ color: AFTER.color, width: 3 }), "打通后 " + get("length") + "(疑似路段)"),
      ),
    ];
    const told = el("section", { class: "rg-routes" }, el("h3", {}, "打通前后的路线"), rows);
    const seen = L.latLngBounds(points);
    if (detour) {
      drawn.push(L.polyline(detour.points, BEFORE).addTo(my.map));
      seen.extend(detour.points);
    }
    if (focus) {
      /* clear of the legend at the left and of the sheet at the right, where there is room for both */
      const width = my.map.getSize().x;
      my.map.fitBounds(seen.pad(0.05), {
        maxZoom: focus,
        paddingTopLeft: [width > 800 ? 240 : 30, 90],
        paddingBottomRight: [width > 600 ? 400 : 30, 80],
        animate: false,
      });
    }
    global.renewal.route = detour
      ? { before: detour.points, before_m: detour.length, after: points }
      : { before: null, before_m: null, after: points };
    return told;
  }
  function reasons(text) {
    const words = String(text || "")
      .split(/[;;]/)
      .map(function (word) {
        return word.trim();
      })
      .filter(Boolean);
    return words.length
      ? el(
          "section",
          {},
          el("h3", {}, "理由"),
          el(
            "ul",
            { class: "plain" },
            words.map(function (word) {
              return el("li", {}, word);
            }),
          ),
        )
      : null;
  }

  Object.assign(my, { open: open, clearRoutes: clearRoutes });
})(window);
