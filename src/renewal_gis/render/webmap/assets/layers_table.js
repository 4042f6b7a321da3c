/* The table of a map of any layers: what the filter shows, sortable, linked with the map, to take away as CSV. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el,
    my = RG.layersPage,
    ROWS = 60;
  const order = { layer: null, column: "", up: true };

  my.makeTable = function () {
    const pick = RG.byId("pick-layer");
    RG.fill(
      pick,
      my.layers.map(function (layer, k) {
        return el("option", { value: String(k) }, layer.words.name);
      }),
    );
    order.layer = my.layers[0];
    pick.addEventListener("change", function () {
      order.layer = my.layers[Number(pick.value)];
      order.column = "";
      my.renderTable();
    });
    RG.byId("take").addEventListener("click", take);
  };

  function columnsOf(layer) {
    const title = layer.words.title,
      status = layer.words.classed ? my.data.status.column : null,
      first = [title, status].filter(Boolean);
    return Array.from(new Set(first.concat(layer.words.columns)));
  }

  function rowsOf(layer) {
    const found = [];
    for (let i = 0; i < layer.data.count; i++) {
      if (layer.mask[i]) {
        found.push(i);
      }
    }
    return order.column ? sort(layer, found) : found;
  }

  /* numbers by size, words as a dictionary has them, what is blank last */
  function sort(layer, found) {
    const column = layer.data.columns[order.column],
      words = column.words,
      turn = order.up ? 1 : -1;
    const keys = words
      ? rankWords(words)
      : null;
    const key = function (i) {
      return keys ? keys[column.codes[i]] : column.values[i];
    };
    return found.sort(function (a, b) {
      const x = key(a),
        y = key(b);
      if (x !== x || y !== y) {
        return (x !== x) - (y !== y);
      }
      return turn * (x - y);
    });
  }
  function rankWords(words) {
    const numeric = words.every(function (word) {
      return word === "" || Number.isFinite(Number(word));
    });
    if (numeric) {
      return words.map(function (word) {
        return word === "" ? NaN : Number(word);
      });
    }
    const collator = new Intl.Collator("zh-CN-u-co-pinyin", { numeric: true }),
      places = words
        .map(function (_, k) {
          return k;
        })
        .sort(function (a, b) {
          return collator.compare(words[a], words[b]);
        }),
      ranks = new Float64Array(words.length);
    places.forEach(function (k, place) {
      ranks[k] = words[k] === "" ? NaN : place;
    });
    return ranks;
  }

  my.renderTable = function () {
    const layer = order.layer,
      host = RG.byId("list"),
      columns = columnsOf(layer),
      found = rowsOf(layer);
    const body = el("tbody", {}),
      more = el("button", { class: "rg-more", type: "button", onclick: add });
    let shown = 0;
    function add() {
      const stop = Math.min(found.length, shown + ROWS);
      for (; shown < stop; shown++) {
        body.append(rowOf(layer, found[shown], columns));
      }
      more.hidden = shown >= found.length;
      more.textContent = "再显示 " + Math.min(ROWS, found.length - shown) + " 行(共 " + found.length + " 行)";
    }
    RG.fill(
      host,
      found.length
        ? el("table", { class: "rg-table rg-columns" }, el("thead", {}, headOf(columns)), body)
        : el("p", { class: "rg-empty" }, "没有符合条件的要素"),
      more,
    );
    add();
  };

  function headOf(columns) {
    return el(
      "tr",
      {},
      columns.map(function (column) {
        return el(
          "th",
          {
            scope: "col",
            tabindex: "0",
            title: column,
            "aria-sort": order.column === column ? (order.up ? "ascending" : "descending") : null,
            onclick: function () {
              press(column);
            },
            onkeydown: function (event) {
              if (event.key === "Enter") {
                press(column);
              }
            },
          },
          column,
        );
      }),
    );
  }
  function press(column) {
    order.up = order.column === column ? !order.up : true;
    order.column = column;
    my.renderTable();
  }

  function rowOf(layer, i, columns) {
    const go = function () {
      my.go(layer, i);
    };
    return el(
      "tr",
      {
        tabindex: "0",
        class: layer.data.kinds[i] ? "" : "none",
        onclick: go,
        onkeydown: function (event) {
          if (event.key === "Enter") {
            go();
          }
        },
      },
      columns.map(function (column) {
        const text = my.write(layer, column, i);
        return el("td", { title: text.slice(0, 300) }, text);
      }),
    );
  }

  /* as it is in the file: every column of the page, the rows that the filter shows */
  function take() {
    const layer = order.layer,
      columns = columnsOf(layer);
    const rows = rowsOf(layer).map(function (i) {
      return columns.map(function (column) {
        const value = layer.get(i, column);
        return layer.data.columns[column].kind === "date" ? RG.day(value) : value;
      });
    });
    const name = layer.words.name.replace(/[\\/:*?"<>|\u0000-\u001f]/g, "").slice(0, 80) || "图层";
    RG.saveFile(
      name + (my.data.simulated ? "-模拟数据" : "") + ".csv",
      new Blob([RG.writeCsv(columns, rows)], { type: "text/csv;charset=utf-8" }),
    );
  }
})(window);
