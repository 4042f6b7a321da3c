/* Tools beside the map: full screen, measuring, a picture of the view, a table to take away, a link to this view. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L,
    el = RG.el,
    PIXELS = 2;
  const RISKY = /^[=+\-@\t\r]/;

  /* ------------------------------------------------------------ files */
  RG.saveFile = function (name, blob) {
    const link = el("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(function () {
      URL.revokeObjectURL(link.href);
    }, 2000);
  };

  /* a cell that a spreadsheet would take for a formula gets a quote before it */
  function cellText(value) {
    const text = value === null || value === undefined || value !== value ? "" : String(value);
    return typeof value === "string" && RISKY.test(text) ? "'" + text : text;
  }
  RG.writeCsv = function (heads, rows) {
    const cell = function (value) {
      const text = cellText(value);
      return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    };
    return (
      "\ufeff" +
      [heads]
        .concat(rows)
        .map(function (row) {
          return row.map(cell).join(",");
        })
        .join("\r\n") +
      "\r\n"
    );
  };
  RG.writeTabs = function (heads, rows) {
    return [heads]
      .concat(rows)
      .map(function (row) {
        return row
          .map(function (value) {
            return cellText(value).replace(/[\t\r\n]+/g, " ");
          })
          .join("\t");
      })
      .join("\r\n");
  };
  /* files opened from a disk may not use the newer clipboard */
  RG.copyText = function (text) {
    const area = el("textarea", { class: "rg-away", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy"));
  };

  /* ------------------------------------------------------------ a picture of the view */
  RG.makePicture = function (map) {
    const size = map.getSize(),
      head = 62,
      foot = 64,
      canvas = el("canvas"),
      brush = canvas.getContext("2d");
    canvas.width = size.x * PIXELS;
    canvas.height = (size.y + head + foot) * PIXELS;
    brush.scale(PIXELS, PIXELS);
    brush.fillStyle = RG.color("@background");
    brush.fillRect(0, 0, size.x, size.y + head + foot);
    brush.save();
    brush.beginPath();
    brush.rect(0, head, size.x, size.y);
    brush.clip();
    brush.fillStyle = RG.theme === "dark" ? "#10161e" : "#eef1f4";
    brush.fillRect(0, head, size.x, size.y);
    map._packedCanvas.paintView(brush, 0, head);
    brush.restore();
    writeHead(brush, size.x, head);
    paintLegend(brush, head + size.y);
    paintScale(brush, size.x, head + size.y, map);
    writeFoot(brush, size.x, head + size.y, foot);
    return canvas;
  };

  function write(brush, text, x, y, font, color) {
    brush.font = font + " " + RG.font;
    brush.fillStyle = color;
    brush.textAlign = "left";
    brush.textBaseline = "middle";
    brush.fillText(text, x, y);
    return brush.measureText(text).width;
  }

  function writeHead(brush, width, height) {
    const ink = RG.color("@text"),
      muted = RG.color("@muted");
    let x = 18;
    x += write(brush, document.querySelector(".rg-head h1").textContent, x, 22, "700 19px", ink) + 16;
    for (const stamp of document.querySelectorAll(".rg-head .rg-stamp")) {
      const color = getComputedStyle(stamp).color;
      const wide = write(brush, stamp.textContent, x + 6, 22, "600 12px", color);
      brush.strokeStyle = color;
      brush.lineWidth = 1.4;
      brush.strokeRect(x, 12, wide + 12, 20);
      x += wide + 20;
    }
    const under = [
      document.querySelector(".rg-head .when").textContent.trim(),
      (document.querySelector("#card select option:checked, #card .only") || {}).textContent || "",
      // the words beside the buttons, not those on them
      Array.from((RG.byId("count") || {}).childNodes || [])
        .filter((node) => node.nodeName !== "BUTTON")
        .map((node) => node.textContent)
        .join(""),
    ];
    write(brush, under.filter(Boolean).join("   "), 18, height - 16, "13px", muted);
  }

  function paintLegend(brush, bottom) {
    const rows = [];
    for (const node of document.querySelectorAll(".rg-legend .pair, .rg-legend .stack label")) {
      const input = node.querySelector("input"),
        sign = node.querySelector("canvas");
      if (sign && (!input || input.checked)) {
        rows.push([
          sign,
          node.querySelector("span")
            ? node.querySelector("span").textContent
            : node.textContent.replace(/\d+$/, ""),
        ]);
      }
    }
    for (const node of document.querySelectorAll("[data-group][aria-pressed=true]")) {
      rows.push([node.querySelector("canvas"), node.textContent]);
    }
    for (const node of document.querySelectorAll(".rg-prog:not(.rg-facility)")) {
      if (node.querySelector("input:checked")) {
        rows.push([node.querySelector("canvas"), node.querySelector(".name").textContent]);
      }
    }
    if (!rows.length) {
      return;
    }
    const height = rows.length * 19 + 14,
      top = bottom - height - 14;
    brush.font = "12px " + RG.font;
    const width =
      Math.max.apply(
        null,
        rows.map(function (row) {
          return brush.measureText(row[1]).width;
        }),
      ) + 50;
    brush.globalAlpha = 0.94;
    brush.fillStyle = RG.color("@background");
    brush.fillRect(14, top, width, height);
    brush.globalAlpha = 1;
    brush.strokeStyle = RG.color("@boundary");
    brush.lineWidth = 0.6;
    brush.strokeRect(14, top, width, height);
    rows.forEach(function (row, k) {
      const y = top + 16 + k * 19,
        mark = row[0].classList.contains("rg-mark");
      brush.drawImage(row[0], 22, y - (mark ? 10 : 6.5), mark ? 20 : 20, mark ? 20 : 13);
      write(brush, row[1], 50, y, "12px", RG.color("@text"));
    });
  }

  function paintScale(brush, width, bottom, map) {
    const line = document.querySelector(".leaflet-control-scale-line");
    if (!line) {
      return;
    }
    const long = line.offsetWidth,
      x = width - long - 70,
      y = bottom - 18;
    brush.strokeStyle = RG.color("@text");
    brush.lineWidth = 2;
    brush.beginPath();
    brush.moveTo(x, y - 6);
    brush.lineTo(x, y);
    brush.lineTo(x + long, y);
    brush.lineTo(x + long, y - 6);
    brush.stroke();
    write(brush, line.textContent, x + 5, y - 9, "12px", RG.color("@text"));
    brush.beginPath();
    brush.moveTo(width - 34, y);
    brush.lineTo(width - 27, y - 24);
    brush.lineTo(width - 20, y);
    brush.lineTo(width - 27, y - 6);
    brush.closePath();
    brush.fillStyle = RG.color("@text");
    brush.fill();
    write(brush, RG.say("北"), width - 33, y - 33, "600 12px", RG.color("@text"));
  }

  function writeFoot(brush, width, top, height) {
    const muted = RG.color("@muted"),
      source = document.querySelector(".rg-foot .src").textContent,
      note = document.querySelector(".rg-foot .fix").textContent;
    brush.font = "11.5px " + RG.font;
    let line = "",
      y = top + 14;
    for (const sign of source) {
      if (brush.measureText(line + sign).width > width - 40) {
        /* two lines: more than that would be a page of sources */
        if (y > top + 14) {
          line += "…";
          break;
        }
        write(brush, line, 18, y, "11.5px", muted);
        line = "";
        y += 17;
      }
      line += sign;
    }
    write(brush, line, 18, y, "11.5px", muted);
    write(brush, note + RG.say("。坐标系 CGCS2000。"), 18, top + height - 14, "11.5px", muted);
  }

  /* ------------------------------------------------------------ measuring */
  RG.measure = function (map, button) {
    let points = [],
      line = null,
      label = null;
    function stop() {
      map.rgBusy = false;
      button.setAttribute("aria-pressed", "false");
      for (const path of [line, label]) {
        if (path) {
          path.remove();
        }
      }
      points = [];
      line = label = null;
      map.getContainer().classList.remove("rg-measuring");
      map.doubleClickZoom.enable();
    }
    button.addEventListener("click", function () {
      if (map.rgBusy) {
        stop();
        return;
      }
      map.rgBusy = true;
      button.setAttribute("aria-pressed", "true");
      map.getContainer().classList.add("rg-measuring");
      map.doubleClickZoom.disable();
    });
    map.on("click", function (event) {
      if (!map.rgBusy) {
        return;
      }
      points.push(event.latlng);
      if (!line) {
        line = L.polyline(points, { interactive: false, color: "#c1121f", weight: 3 }).addTo(map);
        label = L.tooltip({ permanent: true, direction: "right", className: "rg-length" });
      }
      line.setLatLngs(points);
      let length = 0;
      for (let k = 1; k < points.length; k++) {
        length += map.distance(points[k - 1], points[k]);
      }
      const text = el(
        "span",
        {},
        points.length < 2
          ? RG.say("再点一处")
          : RG.say("约 ") + (length < 1000 ? length.toFixed(0) + " m" : (length / 1000).toFixed(2) + " km"),
      );
      label.setLatLng(event.latlng).setContent(text).addTo(map);
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && map.rgBusy) {
        stop();
      }
    });
  };

  /* ------------------------------------------------------------ a link to this view: #zoom/lat/lon?words */
  RG.link = function (map, write, read) {
    let waiting = 0;
    function keep() {
      waiting = 0;
      const at = map.getCenter(),
        words = new URLSearchParams(write()).toString();
      const hash =
        "#" +
        [map.getZoom().toFixed(2), at.lat.toFixed(5), at.lng.toFixed(5)].join("/") +
        (words ? "?" + words : "");
      try {
        global.history.replaceState(null, "", hash);
      } catch (error) {
        /* some browsers forbid it for files: then there is no link */
      }
    }
    const later = function () {
      if (!waiting) {
        waiting = setTimeout(keep, 250);
      }
    };
    const found = /^#([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)(?:\?(.*))?$/.exec(global.location.hash);
    if (found) {
      const numbers = found.slice(1, 4).map(Number);
      if (numbers.every(Number.isFinite) && Math.abs(numbers[1]) <= 85 && Math.abs(numbers[2]) <= 180) {
        map.setView([numbers[1], numbers[2]], numbers[0], { animate: false });
      }
      read(Object.fromEntries(new URLSearchParams(found[4] || "")));
    }
    map.on("moveend", later);
    return later;
  };

  /* ------------------------------------------------------------ buttons */
  const ICONS = {
    full: "M8 3H4v5M16 3h4v5M8 21H4v-5M16 21h4v-5",
    picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
    measure: "M3 16 16 3l5 5L8 21zM7 12l2 2M10 9l2 2M13 6l2 2",
  };
  RG.tools = function (map) {
    const host = document.querySelector(".rg-views");
    const button = function (id, title, run) {
      const node = el(
        "button",
        { id: "rg-" + id, class: "rg-icon", type: "button", title: title, "aria-label": title, onclick: run },
        el("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, el("path", { d: ICONS[id] })),
      );
      host.append(node);
      return node;
    };
    if (document.fullscreenEnabled) {
      button("full", RG.say("全屏"), function () {
        if (document.fullscreenElement) {
          document.exitFullscreen();
        } else {
          document.documentElement.requestFullscreen();
        }
      });
    }
    RG.measure(map, button("measure", RG.say("量距离(Esc 结束)")));
    button("picture", RG.say("当前视图存为图片"), function () {
      RG.makePicture(map).toBlob(function (blob) {
        RG.saveFile(
          document.querySelector(".rg-head h1").textContent.replace(/[\\/:*?"<>|]/g, "") + ".png",
          blob,
        );
      });
    });
  };
})(window);
