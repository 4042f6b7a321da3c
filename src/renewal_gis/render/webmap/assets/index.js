/* The status page: programmes, a target by unit, sites with their stages. */
(function (global) {
  "use strict";
  const RG = global.RG, el = RG.el, CITY = "全市";
  let data, map, sites, districts, n;
  const now = { target: null, unit: "", programmes: null, groups: null, watch: "", tab: "units", sort: ["", 1], chosen: -1 };
  /* lists that a planner asks for on Monday; a week runs from Monday to Sunday */
  const WATCH = [["", "关注清单"], ["start", "本周应开工"], ["finish", "本周应完工"], ["late-start", "逾期未开工"], ["late-finish", "逾期未完工"], ["unlocated", "无位置"], ["elsewhere", "位置与填报不符"]];

  RG.runIndex = function (state) {
    data = state.data; map = state.map; sites = state.layers.sites; districts = state.layers.districts; n = sites.data.count;
    now.programmes = new Set(data.programmes.map(function (programme) { return programme.id; }));
    now.groups = new Set(data.groups.map(function (group) { return group.id; }));
    now.target = data.targets.find(function (target) { return target.id === data.first; }) || data.targets[0];
    sites.tell = tellSite;
    districts.tell = tellDistrict;
    districts.labelText = function (i) {
      const row = rowOf(districts.get(i, "name"));
      return row && row.rateText !== "—" ? [districts.get(i, "name"), row.done + "/" + row.base + "  " + row.rateText] : [districts.get(i, "name")];
    };
    makeFilter(); makeLegend(); makeTabs();
    RG.searchBox("名称、编号、拼音首字母", searchEntries);
    map.on("packed:click", function (found) { if (found.layer === sites) { openSite(found.index, 0); } else if (found.layer === districts) { chooseUnit(districts.get(found.index, "name"), false); } });
    map.on("sheet:closed", function () { now.chosen = -1; renderList(); });
    global.renewal.total = n;
    global.renewal.filter = filterBy;
    const later = RG.link(map, function () {
      const words = { t: now.target.id };
      if (now.unit) { words.u = now.unit; }
      if (now.watch) { words.w = now.watch; }
      if (now.programmes.size < data.programmes.length) { words.p = Array.from(now.programmes).join(" "); }
      if (now.groups.size < data.groups.length) { words.g = Array.from(now.groups).join(" "); }
      if (now.chosen >= 0) { words.s = sites.get(now.chosen, "site_id"); }
      return words;
    }, readLink);
    map.on("rg:changed sheet:closed", later);
    renderTarget(); applyFilter();
    if (now.chosen >= 0) { openSite(now.chosen, 0); }
  };

  /* words of a link count only where they name something that is here */
  function readLink(words) {
    now.target = data.targets.find(function (target) { return target.id === words.t; }) || now.target;
    if (data.units.includes(words.u)) { now.unit = words.u; RG.byId("pick-unit").value = words.u; }
    if (WATCH.some(function (watch) { return watch[0] === words.w; })) { now.watch = words.w; RG.byId("pick-watch").value = words.w; }
    if (words.p !== undefined) { now.programmes = new Set(words.p.split(" ").filter(programmeOf)); }
    if (words.g !== undefined) { now.groups = new Set(words.g.split(" ")); pressGroups(); }
    for (let i = 0; words.s && i < n; i++) { if (sites.get(i, "site_id") === words.s) { now.chosen = i; break; } }
  }
  function pressGroups() { for (const button of document.querySelectorAll("[data-group]")) { button.setAttribute("aria-pressed", String(now.groups.has(button.dataset.group))); } }

  function rowsOf(target) { return data.rows.filter(function (row) { return row.target === target.id; }); }
  function rowOf(unit) { return data.rows.find(function (row) { return row.target === now.target.id && row.unit === unit; }); }
  function programmeOf(id) { return data.programmes.find(function (programme) { return programme.id === id; }); }
  function bar(row, narrow) {
    const full = Math.max(0, Math.min(1, row.rate || 0)) * 100 + "%";
    if (narrow) { return el("span", { class: "rg-mini" }, el("i", { css: { width: full } })); }
    return el("div", { class: "rg-bar" }, el("i", { css: { width: full } }), row.expected === null ? null : el("u", { css: { left: "calc(" + Math.min(1, row.expected) * 100 + "% - 1px)" } }));
  }
  function sign(light) {
    const look = data.lights[light];
    return look ? el("span", { class: "rg-sign", title: look.name, css: { color: look.color } }, look.sign) : "";
  }

  /* ------------------------------------------------------------ left: programmes and the chosen target */
  function renderProgrammes() {
    RG.fill(RG.byId("progs"), data.programmes.map(function (programme) {
      const target = data.targets.find(function (each) { return each.programme === programme.id && each.id === programme.lead_target; });
      const row = target && data.rows.find(function (each) { return each.target === target.id && each.unit === CITY; });
      const box = el("input", { type: "checkbox", title: "在图上显示" + programme.short, "aria-label": "在图上显示" + programme.name });
      box.checked = now.programmes.has(programme.id);
      box.addEventListener("click", function (event) {
        event.stopPropagation();
        now.programmes[box.checked ? "add" : "delete"](programme.id);
        applyFilter();
      });
      return el("div", {
        class: "rg-prog", role: "button", tabindex: "0", "aria-selected": String(now.target.programme === programme.id), title: programme.name + ",牵头:" + programme.lead,
        onclick: function () { if (target) { chooseTarget(target.id); } },
        onkeydown: function (event) { if (event.key === "Enter" && target) { chooseTarget(target.id); } }
      }, box, RG.markOf(programme.symbol), el("span", { class: "name" }, programme.short),
      el("span", { class: "num" }, row ? [el("b", {}, row.done), "/" + row.base + " " + row.measure] : "—"),
      el("span", { class: "rate" }, row ? row.rateText : ""), row ? sign(row.light) : "");
    }));
  }

  function renderTarget() {
    renderProgrammes();
    const target = now.target, siblings = data.targets.filter(function (each) { return each.programme === target.programme; });
    const row = rowOf(now.unit || CITY) || rowOf(CITY), host = RG.byId("card");
    const select = siblings.length > 1 ? el("select", { "aria-label": "指标", onchange: function () { chooseTarget(select.value); } },
      siblings.map(function (each) { return el("option", { value: each.id, selected: each.id === target.id }, each.id + "  " + each.indicator); })) : el("div", { class: "only" }, target.id + "  " + target.indicator);
    RG.fill(host, select, row ? [
      el("div", { class: "row" }, el("span", { class: "big" }, row.rateText),
        el("span", { class: "of" }, row.unit + " " + row.done + " / " + row.base + " " + row.measure),
        el("span", { class: "say" }, RG.lightChip(row.light) || el("span", { class: "rg-chip" }, target.striving ? "力争目标" : "不亮灯"))),
      bar(row),
      el("div", { class: "rg-keys" }, row.expected === null ? el("span", {}, "无序时进度要求") : el("span", {}, el("u"), "序时进度 " + row.expectedText), el("span", {}, row.paceTell)),
      el("p", { class: "note" }, "时限:" + target.deadline + "(" + target.deadline_text + ")。" + (row.basis === "ledger" ? "方案未给出任务数,以台账数为分母。" : row.basis === "derived" ? "任务数按方案推算。" : "") +
        (row.unlocated ? row.unlocated + " " + row.measure + "无位置,计入任务,不上图。" : ""))
    ] : el("p", { class: "note" }, "此目标没有进度数据。"));
    renderUnits(); paintDistricts();
  }

  function renderUnits() {
    const host = RG.byId("units"), rows = rowsOf(now.target), heads = [["unit", "单位"], ["base", "任务"], ["done", "完成"], ["rate", "完成率"], ["expected", "序时"], ["pace", "±百分点"], ["light", "灯"]];
    const body = rows.filter(function (row) { return row.unit !== CITY; }), sum = rows.filter(function (row) { return row.unit === CITY; });
    const order = now.sort;
    if (order[0]) {
      body.sort(function (a, b) {
        const x = a[order[0]], y = b[order[0]];
        if (x === null || y === null) { return (x === null) - (y === null); }
        return order[1] * (typeof x === "string" ? x.localeCompare(y, "zh-CN") : x - y);
      });
    }
    const table = el("table", { class: "rg-table" },
      el("thead", {}, el("tr", {}, heads.map(function (head) {
        return el("th", { scope: "col", "aria-sort": order[0] === head[0] ? (order[1] > 0 ? "ascending" : "descending") : null, onclick: function () {
          now.sort = order[0] === head[0] ? (order[1] < 0 ? [head[0], 1] : ["", 1]) : [head[0], head[0] === "unit" ? 1 : -1]; renderUnits();
        } }, head[1]);
      }))),
      el("tbody", {}, sum.concat(body).map(function (row) {
        return el("tr", { class: row.unit === CITY ? "sum" : row.base === "—" ? "none" : "", tabindex: "0", "aria-selected": String(row.unit === now.unit), onclick: function () { chooseUnit(row.unit === CITY ? "" : row.unit, true); },
          onkeydown: function (event) { if (event.key === "Enter") { chooseUnit(row.unit === CITY ? "" : row.unit, true); } } },
        el("td", { title: row.unit }, row.unit), el("td", {}, row.base), el("td", {}, row.done), el("td", {}, row.rate === null ? "—" : [bar(row, true), row.rateText]),
        el("td", {}, row.expectedText), el("td", { class: row.pace !== null && row.pace < 0 ? "behind" : "" }, row.paceText), el("td", {}, sign(row.light)));
      })));
    RG.fill(host, table, body.length ? null : el("p", { class: "rg-empty" }, "方案未将此项任务分解到县(市、区),只列全市。"));
  }

  function chooseTarget(id) {
    now.target = data.targets.find(function (target) { return target.id === id; });
    now.sort = ["", 1];
    renderTarget();
  }

  function chooseUnit(unit, move) {
    now.unit = now.unit === unit ? "" : unit;
    RG.byId("pick-unit").value = now.unit;
    renderTarget(); applyFilter();
    if (!move) { return; }
    const place = districtOf(now.unit);
    if (place >= 0) { RG.fit(districts.boundsOf([place])); } else if (!now.unit) { RG.fit(L.latLngBounds(map.rgHome)); } else { fitFiltered(); }
  }
  function districtOf(unit) { for (let i = 0; i < districts.data.count; i++) { if (districts.get(i, "name") === unit) { return i; } } return -1; }
  function fitFiltered() {
    const found = [];
    for (let i = 0; i < n; i++) { if (sites.mask[i] && sites.data.kinds[i]) { found.push(i); } }
    if (found.length) { RG.fit(sites.boundsOf(found), { maxZoom: 15 }); }
  }

  /* ------------------------------------------------------------ the map */
  function paintDistricts() {
    const looks = data.classes.map(function (known) { return { fill: known.fill, alpha: 0.92, hatch: known.hatch }; }), of = new Uint8Array(districts.data.count);
    const split = rowsOf(now.target).some(function (row) { return row.unit !== CITY; });
    for (let i = 0; i < of.length; i++) {
      const row = rowOf(districts.get(i, "name"));
      of[i] = row ? row.cls : split ? data.noTask : data.noSplit;
    }
    districts.setLooks("polygon", looks, of);
  }

  function makeLegend() {
    const classes = data.classes.filter(function (_, k) { return k !== data.noSplit; });
    RG.legend(
      el("h3", {}, "完成率(按单位)"), el("div", { class: "grid" }, classes.map(function (known) { return RG.pair(RG.swatchOf({ fill: known.fill, hatch: known.hatch }), known.name); })),
      el("h3", {}, "图层"), el("div", { class: "grid" },
        RG.layerSwitch("项目", ["sites"], true), RG.layerSwitch("数量聚合", [], true, function (on) { sites.scattered = !on; sites.redraw(); }),
        RG.layerSwitch("区县与界线", ["districts", "borders"], true), RG.layerSwitch("道路", ["roads"], true),
        RG.layerSwitch("水系", ["water"], true), RG.layerSwitch("铁路", ["rail"], true)));
  }

  function tellSite(found) {
    if (found.cluster) {
      const parts = data.groups.map(function (group, k) { const count = found.cluster.parts[k + 1]; return count ? group.name + " " + count : ""; }).filter(Boolean);
      return [found.cluster.count + " 个项目", parts.join(" · "), "点击放大"];
    }
    const i = found.index;
    return [sites.get(i, "name"), programmeOf(sites.get(i, "programme")).short + " · " + stageName(sites.get(i, "stage")), sites.get(i, "unit")];
  }
  function tellDistrict(found) {
    const name = districts.get(found.index, "name"), row = rowOf(name);
    return row ? [name, now.target.indicator, row.base === "—" ? "无任务" : row.done + "/" + row.base + " " + row.measure + ",完成率 " + row.rateText, row.pace === null ? "" : row.paceTell].filter(Boolean) : [name, rowsOf(now.target).length > 1 ? "无此项任务" : "此项任务未分解到县(市、区)"];
  }
  function stageName(code) { return data.stages[code] || code || "未启动"; }
  function groupOf(code) { return data.groupOf[code] || "not_started"; }

  /* ------------------------------------------------------------ filter */
  function makeFilter() {
    const units = el("select", { id: "pick-unit", "aria-label": "单位", onchange: function () { const unit = units.value; now.unit = ""; chooseUnit(unit, true); if (!unit) { applyFilter(); } } },
      el("option", { value: "" }, "全部单位"), data.units.map(function (unit) { return el("option", { value: unit }, unit); }));
    const watch = el("select", { id: "pick-watch", "aria-label": "关注", onchange: function () { now.watch = watch.value; applyFilter(); } },
      WATCH.map(function (each) { return el("option", { value: each[0] }, each[1]); }));
    RG.fill(RG.byId("rg-filter"),
      el("div", { class: "rg-group", role: "group", "aria-label": "阶段" }, data.groups.map(function (group) {
        return el("button", { type: "button", "aria-pressed": "true", "data-group": group.id, onclick: function (event) {
          now.groups[now.groups.has(group.id) ? "delete" : "add"](group.id);
          event.currentTarget.setAttribute("aria-pressed", String(now.groups.has(group.id)));
          applyFilter();
        } }, RG.markOf({ shape: "circle", color: "#0072B2", scale: 1 }, group.fill), group.name);
      })),
      el("div", { class: "rg-group" }, units),
      el("div", { class: "rg-group" }, watch),
      el("div", { class: "rg-group count", id: "count", role: "status" }));
  }

  function applyFilter() {
    const mask = new Uint8Array(n), columns = sites.data.columns, programme = columns.programme, stage = columns.stage, unit = columns.unit;
    const okProgramme = programme.words.map(function (word) { return now.programmes.has(word); });
    const okStage = stage.words.map(function (word) { return now.groups.has(groupOf(word)); });
    const okUnit = unit.words.map(function (word) { return !now.unit || word === now.unit; });
    const watched = now.watch ? watchOf(now.watch) : null;
    let visible = 0, hidden = 0;
    for (let i = 0; i < n; i++) {
      if (watched && !watched(i)) { continue; }
      if (okProgramme[programme.codes[i]] && okStage[stage.codes[i]] && okUnit[unit.codes[i]]) { mask[i] = 1; visible++; if (!sites.data.kinds[i]) { hidden++; } }
    }
    sites.setMask(mask);
    global.renewal.visible = visible;
    map.fire("rg:changed");
    RG.fill(RG.byId("count"), "项目 ", el("b", {}, String(visible)), visible === n ? "" : " / " + n, hidden ? "(" + hidden + " 个无位置)" : "",
      visible === n ? null : el("button", { type: "button", onclick: resetFilter }, "清除"));
    RG.byId("tab-list").lastElementChild.textContent = String(visible);
    renderList();
    return visible;
  }

  /* whether a site is on one of the planner's lists, as of the day of the page */
  function watchOf(name) {
    const day = Date.parse(data.asOf) / 864e5, monday = day - (day + 3) % 7;
    const planned = function (column, i) { return sites.data.columns[column].values[i]; }, group = function (i) { return groupOf(sites.get(i, "stage")); };
    const begun = function (i) { return group(i) === "under_way" || group(i) === "done"; }, done = function (i) { return group(i) === "done"; };
    return {
      start: function (i) { const due = planned("planned_start", i); return due >= monday && due < monday + 7 && !begun(i); },
      finish: function (i) { const due = planned("planned_finish", i); return due >= monday && due < monday + 7 && !done(i); },
      "late-start": function (i) { return planned("planned_start", i) < day && !begun(i); },
      "late-finish": function (i) { return planned("planned_finish", i) < day && !done(i); },
      unlocated: function (i) { return !sites.data.kinds[i]; },
      elsewhere: disagrees
    }[name];
  }
  function disagrees(i) {
    const found = sites.get(i, "located_name");
    return Boolean(found && sites.get(i, "declared_unit") && sites.get(i, "unit") !== found && sites.get(i, "declared_unit") !== found && isDistrict(sites.get(i, "unit")));
  }
  /* a functional zone has no polygon: its sites lie in some district by right */
  function isDistrict(unit) { return districtOf(unit) >= 0; }

  function resetFilter() { filterBy({}); RG.fit(L.latLngBounds(map.rgHome)); }

  /* for tests and for those who script the page: {programme, stage, unit}, each a word or several */
  function filterBy(words) {
    const all = function (value, every) { return new Set(value === undefined ? every : [].concat(value)); };
    now.programmes = all(words.programme, data.programmes.map(function (each) { return each.id; }));
    now.groups = all(words.stage, data.groups.map(function (each) { return each.id; }));
    now.unit = words.unit || "";
    RG.byId("pick-unit").value = now.unit;
    now.watch = words.watch || "";
    RG.byId("pick-watch").value = now.watch;
    pressGroups();
    renderTarget();
    return applyFilter();
  }

  /* ------------------------------------------------------------ list of projects */
  function makeTabs() {
    const tabs = [["units", "单位进展", ""], ["list", "项目清单", ""]];
    RG.fill(RG.byId("tabs"), tabs.map(function (tab) {
      return el("button", { id: "tab-" + tab[0], type: "button", role: "tab", "aria-selected": String(now.tab === tab[0]), onclick: function () {
        now.tab = tab[0];
        for (const other of tabs) { RG.byId("tab-" + other[0]).setAttribute("aria-selected", String(other[0] === now.tab)); RG.byId(other[0]).hidden = other[0] !== now.tab; }
        renderList();
      } }, tab[1] + " ", el("small", {}));
    }), el("button", { id: "take", class: "rg-take", type: "button", title: "筛选出的项目存为 CSV", onclick: takeTable }, "导出 CSV"));
  }

  /* what the filter shows, for a spreadsheet */
  function takeTable() {
    const columns = [["site_id", "编号"], ["name", "项目名称"], ["programme", "专项"], ["category", "类别"], ["stage", "阶段"], ["unit", "管理单位"], ["declared_unit", "填报单位"], ["located_name", "所在区县"], ["township", "街道(乡镇)"], ["address", "地址"],
      ["households", "户数"], ["investment_wan", "投资(万元)"], ["leader", "分包领导"], ["task_force", "推进专班"], ["planned_start", "计划开工"], ["planned_finish", "计划完工"], ["actual_start", "实际开工"], ["actual_finish", "实际完工"], ["notes", "备注"]];
    const rows = orderSites().filter(function (i) { return sites.mask[i]; }).map(function (i) {
      return columns.map(function (column) {
        const value = sites.get(i, column[0]);
        return column[0] === "programme" ? programmeOf(value).name : column[0] === "stage" ? stageName(value) : /_(start|finish)$/.test(column[0]) ? RG.day(value) : value;
      });
    });
    const text = RG.writeCsv(columns.map(function (column) { return column[1]; }), rows);
    RG.saveFile("项目清单-" + data.asOf + (data.simulated ? "-模拟数据" : "") + ".csv", new Blob([text], { type: "text/csv;charset=utf-8" }));
  }

  function renderList() {
    if (now.tab !== "list") { return; }
    const found = orderSites().filter(function (i) { return sites.mask[i]; });
    RG.longList(RG.byId("list"), found.length, function (k) {
      const i = found[k], programme = programmeOf(sites.get(i, "programme"));
      return el("button", { class: "rg-item", type: "button", "aria-selected": String(i === now.chosen), onclick: function () { openSite(i, 16); renderChosen(this); } },
        RG.markOf(programme.symbol, fillOf(i)), el("span", { class: "what" }, sites.get(i, "name") || sites.get(i, "site_id")), el("span", { class: "end" }, stageName(sites.get(i, "stage"))),
        el("span", { class: "sub one" }, [sites.get(i, "unit"), sites.get(i, "township"), sites.data.kinds[i] ? "" : "无位置"].filter(Boolean).join(" · ")));
    }, "没有符合条件的项目");
  }
  /* by number, as the ledger has them; sorted when the list is first opened */
  function orderSites() {
    if (!data.order) {
      const ids = Array.from({ length: n }, function (_, i) { return sites.get(i, "site_id"); });
      data.order = Array.from({ length: n }, function (_, i) { return i; }).sort(function (a, b) { return ids[a] < ids[b] ? -1 : ids[a] > ids[b] ? 1 : 0; });
    }
    return data.order;
  }
  function renderChosen(node) {
    for (const other of document.querySelectorAll(".rg-item[aria-selected=true]")) { other.setAttribute("aria-selected", "false"); }
    node.setAttribute("aria-selected", "true");
  }
  function fillOf(i) { const group = groupOf(sites.get(i, "stage")); return data.groups.find(function (each) { return each.id === group; }).fill; }

  function searchEntries() {
    const list = data.units.map(function (unit) { return { text: unit, sub: "责任单位", go: function () { now.unit = ""; chooseUnit(unit, true); } }; });
    for (let i = 0; i < n; i++) {
      list.push({ text: sites.get(i, "name") || sites.get(i, "site_id"), key: String(sites.get(i, "site_id")).toLowerCase(), sub: sites.get(i, "unit"), mark: function () { return RG.markOf(programmeOf(sites.get(i, "programme")).symbol, fillOf(i)); }, go: function () { openSite(i, 16); } });
    }
    return list;
  }

  /* ------------------------------------------------------------ one project */
  function openSite(i, focus) {
    now.chosen = i;
    const programme = programmeOf(sites.get(i, "programme")), get = function (column) { return sites.get(i, column); }, stage = get("stage") || "not_started";
    const place = programme.stages.indexOf(stage), day = function (column) { return RG.day(get(column)); };
    const number = function (column, unit) { const value = get(column); return value === value && value !== undefined ? Number(value.toFixed(2)).toLocaleString("zh-CN") + " " + unit : ""; };
    const share = function (column) { const value = get(column); return value === value && value !== undefined ? (value * 100).toFixed(1) + "%" : ""; };
    const steps = el("ol", { class: "rg-steps" }, programme.stages.map(function (code, k) {
      const date = RG.day(get("r:" + code) === undefined ? NaN : get("r:" + code));
      return el("li", { class: (k <= place ? "past" : "") + (k === place ? " now" : "") }, stageName(code), el("time", {}, date));
    }));
    RG.openSheet(get("name") || get("site_id"), [
      RG.markOf(programme.symbol, fillOf(i)), el("span", {}, programme.name), el("span", { class: "rg-chip" }, get("site_id")), get("category") ? el("span", { class: "rg-chip" }, get("category")) : null,
      get("simulated") === "True" ? el("span", { class: "rg-stamp simulated" }, "模拟数据") : null].filter(Boolean), [
      el("section", {}, el("h3", {}, "进度"), steps),
      RG.section("责任", [["管理单位", get("unit")], ["填报单位", get("declared_unit") === get("unit") ? "" : get("declared_unit")], ["分包领导", get("leader")], ["推进专班", get("task_force")], ["施工单位", get("contractor")], ["牵头单位", programme.lead]]),
      RG.section("位置", [["街道乡镇", get("township")], ["地址", get("address")], ["所在区县", get("located_name")], ["定位方式", get("placement")], ["跨界份额", get("shares")], ["提示", disagrees(i) ? "填报单位与位置所在区县不一致,以填报为准,待核对" : ""]]),
      RG.section("规模", [["户数", number("households", "户")], ["楼栋", number("buildings", "栋")], ["套数", number("dwellings", "套")], ["建筑面积", number("floor_area_m2", "平方米")], ["长度", number("length_m", "米")], ["投资", number("investment_wan", "万元")], ["征求意见", share("consulted_share")], ["居民满意度", share("satisfied_share")]]),
      RG.section("工期", [["计划开工", day("planned_start")], ["实际开工", day("actual_start")], ["计划完工", day("planned_finish")], ["实际完工", day("actual_finish")]]),
      get("content_items") ? el("section", {}, el("h3", {}, "改造内容"), el("div", { class: "rg-tagrow" }, get("content_items").split("、").map(function (word) { return el("span", { class: "rg-chip" }, word); }))) : null,
      RG.section("台账", [["备注", get("notes")], ["来源", get("source_file") + (get("source_row") === get("source_row") ? " 第 " + get("source_row") + " 行" : "")]])
    ]);
    RG.mark(sites, i, focus);
    map.fire("rg:changed");
  }
})(window);
