/* How a packed layer is drawn: areas, lines, marks (or counts of them), labels. */
(function (global) {
  "use strict";
  const RG = global.RG, LINE_BATCH = RG.LINE_BATCH;
  const FONT = RG.font = '"Noto Sans SC","Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","WenQuanYi Micro Hei",sans-serif';
  const RUN_LIMIT = 64;

  /* lines grow with the zoom as in print: thin on the overview, full width in the street */
  function widthAt(zoom) { return Math.max(0.45, Math.min(2.6, Math.pow(1.22, zoom - 13))); }

  /* the colour of a district steps back as one comes near enough to read the streets */
  function fadeAt(fade, zoom) {
    const part = Math.max(0, Math.min(1, (zoom - fade.from) / (fade.to - fade.from)));
    return 1 - part * (1 - fade.least);
  }

  RG.PackedLayer.include({
    drawAreas: function (context, view) {
      const set = this.looks.polygon;
      this._visible = this.visibleIn(view);
      this._marked = []; this._clusters = [];
      if (!set || !this.shapesOn(view)) { return; }
      this._fillAreas(context, view, set);
      if (this.cover && this.cover.layer.data && this.cover.look) { this._fillCovered(context, view); }
    },

    _fillAreas: function (context, view, set) {
      const data = this.data, frame = this.frame(view), fade = this.options.fade;
      context.lineJoin = "round"; context.setLineDash([]);
      for (const i of this._visible) {
        const look = RG.isArea(data.kinds[i]) ? set.looks[set.of[i]] : null;
        if (!look) { continue; }
        context.beginPath(); this.trace(context, i, frame);
        if (fade) { this._fill(context, { fill: fade.base }); }
        this._fill(context, fade ? Object.assign({}, look, { alpha: fadeAt(fade, view.zoom), hatch: view.zoom < fade.to ? look.hatch : null }) : look);
        if (look.width) { context.lineWidth = look.width; context.setLineDash(look.dash || []); context.strokeStyle = RG.color(look.stroke); context.stroke(); }
        this.drawn++;
      }
    },

    _fill: function (context, look) {
      if (look.fill) {
        context.globalAlpha = look.alpha === undefined ? 1 : look.alpha;
        context.fillStyle = RG.color(look.fill); context.fill("evenodd");
        context.globalAlpha = 1;
      }
      if (look.hatch) { context.fillStyle = RG.hatch(context, look.hatch); context.fill("evenodd"); }
    },

    /* the part of the areas that lies within another layer's feature, in a second look */
    _fillCovered: function (context, view) {
      const cover = this.cover, frame = cover.layer.frame(view), own = this.frame(view), data = this.data;
      context.save();
      context.beginPath();
      for (const i of cover.features) { cover.layer.trace(context, i, frame); }
      context.clip("evenodd");
      for (const i of this._visible) {
        if (!RG.isArea(data.kinds[i])) { continue; }
        context.beginPath(); this.trace(context, i, own);
        this._fill(context, cover.look);
        if (cover.look.width) { context.lineWidth = cover.look.width; context.strokeStyle = RG.color(cover.look.stroke); context.stroke(); }
      }
      context.restore();
    },

    drawLines: function (context, view) {
      const set = this.looks.line, data = this.data, frame = this.frame(view);
      if (!set || !this.shapesOn(view)) { return; }
      const lists = set.looks.map(function () { return []; });
      for (const i of this._visible) { if (RG.isLine(data.kinds[i])) { lists[set.of[i]].push(i); } }
      const grown = this.options.fixedWidth ? 1 : widthAt(view.zoom);
      context.lineCap = "round"; context.lineJoin = "round";
      const casings = set.looks.some(function (look) { return look && look.casing; });
      for (const pass of casings ? ["casing", "line"] : ["line"]) {
        for (let k = set.looks.length - 1; k >= 0; k--) {
          const look = set.looks[k];
          if (!look || view.zoom < (look.minZoom || 0) || (pass === "casing" && !look.casing)) { continue; }
          const width = Math.max(look.width * grown, 0.4);
          context.lineWidth = pass === "casing" ? width + (look.casingWidth || 1.6) : width;
          context.strokeStyle = RG.color(pass === "casing" ? look.casing : look.color);
          context.globalAlpha = look.alpha === undefined ? 1 : look.alpha;
          context.setLineDash(pass === "line" && look.dash ? look.dash.map(function (each) { return each * Math.max(1, grown); }) : []);
          /* round ends cost time and are not seen on a thin line */
          context.lineCap = look.dash || width < 2.5 ? "butt" : "round"; context.lineJoin = width < 2.5 ? "bevel" : "round";
          this._strokeAll(context, lists[k], frame);
          if (pass === "line") { this.drawn += lists[k].length; }
        }
      }
      context.globalAlpha = 1; context.setLineDash([]);
    },

    /* paths of about a thousand vertices are drawn faster than one of a hundred thousand, or than each alone */
    _strokeAll: function (context, list, frame) {
      const starts = this.data.featureStart, paths = this.data.pathStart;
      for (let at = 0; at < list.length;) {
        context.beginPath();
        for (let size = 0; at < list.length && size < LINE_BATCH; at++) {
          this.trace(context, list[at], frame);
          size += paths[starts[list[at] + 1]] - paths[starts[list[at]]];
        }
        context.stroke();
      }
    },

    /* ------------------------------------------------------------ marks */
    wantsMark: function (i, view) {
      const kind = this.data.kinds[i];
      return kind === 1 || kind === 4 || (this.options.marks && kind > 0 && (this.options.marks === "always" || !this.shapesOn(view)));
    },

    drawMarks: function (context, view) {
      const set = this.looks.symbol, gather = this.options.aggregate;
      if (!set) { return; }
      const list = this._visible.filter(function (i) { return this.wantsMark(i, view); }, this);
      if (gather && !this.scattered && (view.zoom < gather.below || list.length > (gather.limit || 3000))) { this._drawClusters(context, view, list); return; }
      if (view.zoom < (this.options.dotsBelow || 0)) { this._drawDots(context, view, list); return; }
      this._drawEach(context, view, list, this.options.size * Math.max(0.62, Math.min(1.25, 0.62 + (view.zoom - 11) * 0.11)));
    },

    _drawEach: function (context, view, list, size) {
      const set = this.looks.symbol, fills = this.looks.fill, frame = this.frame(view), data = this.data;
      const rounded = Math.round(size * 2) / 2, sprites = new Map();
      for (const i of list) {
        const fill = fills ? fills.looks[fills.of[i]] : "full", look = set.looks[set.of[i]];
        if (!look) { continue; }
        const key = set.of[i] * 64 + (fills ? fills.of[i] : 0);
        let sprite = sprites.get(key);
        if (!sprite) { sprite = RG.sprite(look, fill, rounded, view.ratio); sprites.set(key, sprite); }
        const x = data.ax[i] * frame.scale + frame.dx, y = data.ay[i] * frame.scale + frame.dy;
        context.drawImage(sprite, x - sprite.half, y - sprite.half, 2 * sprite.half, 2 * sprite.half);
        this._marked.push(i);
      }
      this.drawn += list.length;
    },

    /* on the overview a mark is a spot in its colour */
    _drawDots: function (context, view, list) {
      const set = this.looks.symbol, frame = this.frame(view), data = this.data, half = 1 + Math.max(0, view.zoom - 9) * 0.3;
      for (let k = set.looks.length - 1; k >= 0; k--) {
        if (!set.looks[k]) { continue; }
        context.fillStyle = RG.color(set.looks[k].color);
        for (const i of list) {
          if (set.of[i] !== k) { continue; }
          context.fillRect(data.ax[i] * frame.scale + frame.dx - half, data.ay[i] * frame.scale + frame.dy - half, 2 * half, 2 * half);
          this._marked.push(i);
        }
      }
      this.drawn += list.length;
    },

    _drawClusters: function (context, view, list) {
      const single = [], groups = gatherMarks(this, view, list);
      for (const group of groups) {
        view.labels.take(group.x - group.r, group.y - group.r, group.x + group.r, group.y + group.r);
        if (group.count === 1) { single.push(group.members[0]); continue; }
        this._clusters.push(group);
        paintCluster(context, group, this.options.aggregate);
      }
      this.drawn += list.length - single.length;
      this._drawEach(context, view, single, this.options.size * 0.85);
    },

    /* ------------------------------------------------------------ labels */
    labelText: function (i) { return [this.get(i, this.options.label.column)]; },

    drawLabels: function (context, view) {
      const label = this.options.label;
      if (view.zoom < (label.minZoom || 0) || this.labelsOff) { return; }
      context.textBaseline = "middle"; context.textAlign = "center"; context.lineJoin = "round";
      context.strokeStyle = RG.color("@halo"); context.lineWidth = 3.2;
      const seen = new Map();
      for (const i of this._visible) {
        if (label.along && RG.isLine(this.data.kinds[i])) { this._labelAlong(context, view, i, seen); } else if (!label.along || view.zoom >= (label.areaZoom || 0)) { this._labelAt(context, view, i); }
      }
    },

    /* a name, and below it a line of figures where there is room */
    _labelAt: function (context, view, i) {
      const lines = this.labelText(i, view);
      if (!lines || !lines[0]) { return; }
      for (let count = lines.length; count > 0; count--) {
        if (this._placeLabel(context, view, i, lines.slice(0, count))) { return; }
      }
    },

    _placeLabel: function (context, view, i, lines) {
      const label = this.options.label, frame = this.frame(view), size = label.size || 12, step = size * 1.25;
      const centre = this.data.ax[i] * frame.scale + frame.dx, middle = this.data.ay[i] * frame.scale + frame.dy;
      const fontOf = function (k) { return (k ? "" : (label.weight || "600") + " ") + (k ? size - 1.5 : size) + "px " + FONT; };
      const width = Math.max.apply(null, lines.map(function (line, k) { context.font = fontOf(k); return context.measureText(line).width; }));
      const place = (label.shifts || [[0, 0]]).find(function (shift) {
        const left = centre + shift[0] - width / 2, top = middle + shift[1];
        /* a name that has to step aside stays within its own area */
        const aside = (shift[0] || shift[1]) && RG.isArea(this.data.kinds[i]) && !this._inside(i, centre + shift[0], top + step / 3, frame);
        return !aside && view.labels.take(left - 3, top - step / 2, left + width + 3, top + step * (lines.length - 0.5));
      }, this);
      if (!place) { return false; }
      const x = centre + place[0], y = middle + place[1];
      if (label.badge) { paintBadge(context, x, y, width, size, RG.color(label.badge)); }
      lines.forEach(function (line, k) {
        context.font = fontOf(k);
        if (!label.badge) { context.strokeText(line, x, y + k * step); }
        context.fillStyle = RG.color(k ? label.second || "@text" : label.color || "@text");
        context.fillText(line, x, y + k * step);
      });
      return true;
    },

    /* a name written along the longest part of a line that is on the screen */
    _labelAlong: function (context, view, i, seen) {
      const label = this.options.label, name = this.get(i, label.column), look = this.lookOf("line", i);
      if (!name || !look || view.zoom < (look.minZoom || 0) || view.zoom < (look.labelZoom || 0)) { return; }
      const size = label.size || 11, run = longestRun(this, i, view), width = (name.length * 1.35) * size;
      if (!run || run.length < width * 1.15) { return; }
      const a = run.at(run.length / 2 - width / 2), b = run.at(run.length / 2 + width / 2), chord = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (chord < width * 0.96) { return; }
      const x = (a[0] + b[0]) / 2, y = (a[1] + b[1]) / 2, places = seen.get(name) || [];
      if (places.some(function (p) { return Math.hypot(p[0] - x, p[1] - y) < 280; })) { return; }
      const dx = Math.abs(b[0] - a[0]) / 2 + 6, dy = Math.abs(b[1] - a[1]) / 2 + 6;
      if (!view.labels.take(x - dx, y - dy, x + dx, y + dy)) { return; }
      places.push([x, y]); seen.set(name, places);
      writeAlong(context, name, x, y, Math.atan2(b[1] - a[1], b[0] - a[0]), size, RG.color(label.color || "@muted"));
    }
  });

  function paintBadge(context, x, y, width, size, color) {
    const half = Math.max(width / 2 + 5, size * 0.85), high = size * 0.85;
    context.beginPath(); context.roundRect(x - half, y - high, 2 * half, 2 * high, high);
    context.fillStyle = color; context.fill();
    context.save(); context.lineWidth = 1.5; context.strokeStyle = RG.color("@halo"); context.stroke(); context.restore();
  }

  /* Chinese stands upright along a steep street, one sign below the other */
  function writeAlong(context, name, x, y, angle, size, color) {
    let turn = angle > Math.PI / 2 ? angle - Math.PI : angle <= -Math.PI / 2 ? angle + Math.PI : angle;
    const steep = Math.abs(turn) > 0.9, gap = size * 1.35;
    if (steep && turn < 0) { turn += Math.PI; }
    context.font = "500 " + size + "px " + FONT;
    context.fillStyle = color;
    Array.from(name).forEach(function (sign, k, all) {
      const along = (k - (all.length - 1) / 2) * gap;
      context.save();
      context.translate(x + along * Math.cos(turn), y + along * Math.sin(turn));
      context.rotate(steep ? turn - Math.PI / 2 : turn);
      context.strokeText(sign, 0, 0); context.fillText(sign, 0, 0);
      context.restore();
    });
  }

  function longestRun(layer, i, view) {
    const data = layer.data, frame = layer.frame(view), screen = view.labels.screen;
    let best = null, points = [], length = 0;
    function close() { if (points.length > 1 && (!best || length > best.length)) { best = { points: points, length: length }; } points = []; length = 0; }
    for (let path = data.featureStart[i]; path < data.featureStart[i + 1]; path++) {
      for (let k = data.pathStart[path]; k < data.pathStart[path + 1]; k++) {
        const x = data.x[k] * frame.scale + frame.dx, y = data.y[k] * frame.scale + frame.dy;
        if (points.length) {
          const last = points[points.length - 1], step = Math.hypot(x - last[0], y - last[1]);
          length += step;
          /* long pieces get points in between, so that the run can end at the edge of the screen */
          for (let cut = RUN_LIMIT; cut < step; cut += RUN_LIMIT) { push(last[0] + (x - last[0]) * cut / step, last[1] + (y - last[1]) * cut / step); }
        }
        push(x, y);
      }
      close();
    }
    function push(x, y) {
      if (x < screen.left || x > screen.right || y < screen.top || y > screen.bottom) { close(); return; }
      points.push([x, y]);
    }
    if (!best) { return null; }
    const marks = [0];
    for (let k = 1; k < best.points.length; k++) {
      marks.push(marks[k - 1] + Math.hypot(best.points[k][0] - best.points[k - 1][0], best.points[k][1] - best.points[k - 1][1]));
    }
    best.length = marks[marks.length - 1];
    best.at = function (distance) {
      let k = 1;
      while (k < marks.length - 1 && marks[k] < distance) { k++; }
      const part = (distance - marks[k - 1]) / (marks[k] - marks[k - 1] || 1), a = best.points[k - 1], b = best.points[k];
      return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
    };
    return best;
  }

  /* ---------------------------------------------------------------- counts instead of marks */
  function gatherMarks(layer, view, list) {
    const data = layer.data, frame = layer.frame(view), cell = layer.options.aggregate.cell || 64, bins = new Map();
    const kinds = layer.looks.fill ? layer.looks.fill.of : null, split = layer.looks.fill ? layer.looks.fill.looks.length : 1;
    for (const i of list) {
      const x = data.ax[i] * frame.scale + frame.dx, y = data.ay[i] * frame.scale + frame.dy;
      const key = Math.floor((x + view.left) / cell) * 1e6 + Math.floor((y + view.top) / cell);
      let bin = bins.get(key);
      if (!bin) { bin = { x: 0, y: 0, count: 0, members: [], parts: new Uint32Array(split) }; bins.set(key, bin); }
      bin.x += x; bin.y += y; bin.count++; bin.members.push(i); bin.parts[kinds ? kinds[i] : 0]++;
    }
    const groups = Array.from(bins.values()).sort(function (a, b) { return b.count - a.count; }), kept = [];
    for (const group of groups) {
      group.x /= group.count; group.y /= group.count; group.r = radiusOf(group.count);
      const host = kept.find(function (other) { return Math.hypot(other.x - group.x, other.y - group.y) < other.r + group.r + 3; });
      if (!host) { kept.push(group); continue; }
      const sum = host.count + group.count;
      host.x = (host.x * host.count + group.x * group.count) / sum; host.y = (host.y * host.count + group.y * group.count) / sum;
      host.count = sum; host.r = radiusOf(sum); host.parts = host.parts.map(function (part, k) { return part + group.parts[k]; });
      for (const member of group.members) { host.members.push(member); }
    }
    return kept;
  }

  function radiusOf(count) { return count === 1 ? 6 : 10.5 + 6 * Math.log10(count); }

  function paintCluster(context, group, options) {
    const colors = options.colors, rim = Math.max(3.2, group.r * 0.24);
    context.beginPath(); context.arc(group.x, group.y, group.r + 1.5, 0, 7);
    context.fillStyle = RG.color("@halo"); context.fill();
    let angle = -Math.PI / 2;
    context.lineCap = "butt"; context.lineWidth = rim;
    for (const part of options.order || group.parts.keys()) {
      const share = group.parts[part] / group.count * 2 * Math.PI;
      if (!share) { continue; }
      context.beginPath(); context.arc(group.x, group.y, group.r - rim / 2, angle, angle + share);
      context.strokeStyle = RG.color(colors[part]); context.stroke();
      angle += share;
    }
    context.fillStyle = RG.color("@text"); context.textAlign = "center"; context.textBaseline = "middle";
    context.font = "600 " + (group.count > 99 ? 12.5 : 11) + "px " + FONT;
    context.fillText(String(group.count), group.x, group.y + 0.5);
  }
})(window);
