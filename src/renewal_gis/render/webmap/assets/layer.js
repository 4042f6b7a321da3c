/* A layer of packed features: what is visible, how each feature looks, and what lies under a point. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {}),
    L = global.L;
  const RIM = 16;
  const isLine = function (kind) {
    return kind === 2 || kind === 5;
  };
  const isArea = function (kind) {
    return kind === 3 || kind === 6;
  };

  /* class of every feature by the word in a column: {by, table: {word: look}, other} or {one: look} */
  function classify(data, spec) {
    if (!spec) {
      return null;
    }
    const of = new Uint8Array(data.count);
    if (spec.one) {
      return { looks: [spec.one], of: of };
    }
    const column = data.columns[spec.by],
      looks = [spec.other || null],
      place = new Map();
    if (!column) {
      return { looks: looks, of: of };
    }
    for (const word of Object.keys(spec.table)) {
      place.set(word, looks.length);
      looks.push(spec.table[word]);
    }
    const classes = column.words.map(function (word) {
      return place.get(word) || 0;
    });
    for (let i = 0; i < of.length; i++) {
      of[i] = classes[column.codes[i]];
    }
    return { looks: looks, of: of };
  }

  RG.PackedLayer = L.Layer.extend({
    options: {
      zIndex: 100,
      interactive: true,
      size: 6,
      shapeZoom: 0,
      minZoom: 0,
      maxZoom: 30,
      style: {},
      pane: "overlayPane",
    },

    initialize: function (block, options) {
      L.setOptions(this, options);
      this.name = options.name;
      this.data = null;
      this.mask = null;
      this.drawn = 0;
      this.version = 0;
      this._near = {};
      this.ready = RG.readBlock(block).then(this._take.bind(this));
    },

    _take: function (bytes) {
      const data = RG.decode(bytes),
        style = this.options.style;
      Object.assign(data, RG.projectShapes(data));
      this.looks = {};
      for (const part of ["symbol", "fill", "line", "polygon"]) {
        this.looks[part] = classify(data, style[part]);
      }
      this._placeAnchors(data);
      this.has = { line: data.kinds.some(isLine), polygon: data.kinds.some(isArea) };
      this.data = data;
      return this.redraw();
    },

    /* where the mark and the label of a feature stand: given, or the middle of its box */
    _placeAnchors: function (data) {
      const n = data.count,
        x = (data.ax = new Float32Array(n)),
        y = (data.ay = new Float32Array(n));
      const east = data.columns["~x"],
        north = data.columns["~y"];
      for (let i = 0; i < n; i++) {
        if (east && !isNaN(east.values[i])) {
          const at = RG.mercator(east.values[i], north.values[i]);
          x[i] = at[0] - data.corner[0];
          y[i] = at[1] - data.corner[1];
        } else {
          x[i] = (data.box[4 * i] + data.box[4 * i + 2]) / 2;
          y[i] = (data.box[4 * i + 1] + data.box[4 * i + 3]) / 2;
        }
      }
    },

    onAdd: function (map) {
      this._canvas = RG.canvasOf(map);
      this._canvas.addPacked(this);
      return this;
    },
    onRemove: function () {
      this._canvas.removePacked(this);
      this._canvas = null;
      return this;
    },
    redraw: function () {
      this.version++;
      return this.redrawTop();
    },
    /* only marks and names have changed */
    redrawTop: function () {
      if (this._canvas) {
        this._canvas.redraw();
      }
      return this;
    },
    getAttribution: function () {
      return this.options.attribution || null;
    },

    shown: function (zoom) {
      return zoom >= this.options.minZoom && zoom <= this.options.maxZoom;
    },
    setMask: function (mask) {
      this.mask = mask;
      return this.redraw();
    },
    /* another column in the place of one: what is drawn by it changes its looks */
    setColumn: function (name, column) {
      Object.defineProperty(this.data.columns, name, {
        value: column,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      for (const part of Object.keys(this.looks)) {
        if (this.looks[part] && (this.options.style[part] || {}).by === name) {
          this.looks[part] = classify(this.data, this.options.style[part]);
          if (this.has[part]) {
            this.version++;
          }
        }
      }
      return this.redrawTop();
    },
    setLooks: function (part, looks, of) {
      this.looks[part] = { looks: looks, of: of };
      return this.redraw();
    },
    get: function (i, column) {
      const found = this.data.columns[column];
      return found ? found.at(i) : undefined;
    },

    latLngOf: function (i) {
      return this._latLng(this.data.ax[i], this.data.ay[i]);
    },

    _latLng: function (x, y) {
      const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * (y + this.data.corner[1])))) * 180) / Math.PI;
      return L.latLng(lat, (x + this.data.corner[0] - 0.5) * 360);
    },

    /* bounds of some features, or of all of them */
    boundsOf: function (members) {
      const bounds = L.latLngBounds([]),
        box = this.data.box;
      const list =
        members ||
        Array.from({ length: this.data.count }, function (_, i) {
          return i;
        });
      for (const i of list) {
        if (!(box[4 * i] <= box[4 * i + 2])) {
          continue;
        }
        bounds
          .extend(this._latLng(box[4 * i], box[4 * i + 3]))
          .extend(this._latLng(box[4 * i + 2], box[4 * i + 1]));
      }
      return bounds;
    },
    getBounds: function () {
      return this.data ? this.boundsOf(null) : L.latLngBounds([]);
    },

    /* whether the layer has a part in the ground of a view: its lines, or its areas */
    drawsOn: function (part, view) {
      return Boolean(
        this.data && this.has[part] && this.looks[part] && this.shown(view.zoom) && this.shapesOn(view),
      );
    },

    /* features whose box meets the canvas, or a tile of it */
    visibleIn: function (view) {
      if (!view.around) {
        return this._search(view, null, 0);
      }
      if (this._near.around !== view.around || this._near.version !== this.version) {
        this._near = {
          around: view.around,
          version: this.version,
          list: this._search(view.around, null, 0),
        };
      }
      return this._search(view, this._near.list, RIM);
    },

    _search: function (view, list, rim) {
      const data = this.data,
        box = data.box,
        mask = this.mask,
        found = [];
      const west = (view.left - rim) / view.scale - data.corner[0],
        north = (view.top - rim) / view.scale - data.corner[1];
      const east = west + (view.width + 2 * rim) / view.scale,
        south = north + (view.height + 2 * rim) / view.scale,
        count = list ? list.length : data.count;
      for (let at = 0; at < count; at++) {
        const i = list ? list[at] : at,
          k = 4 * i;
        if (
          box[k] <= east &&
          box[k + 2] >= west &&
          box[k + 1] <= south &&
          box[k + 3] >= north &&
          (!mask || mask[i])
        ) {
          found.push(i);
        }
      }
      return found;
    },

    /* what marks, names and the count of the layer are about */
    takeView: function (view) {
      const data = this.data,
        areas = this.drawsOn("polygon", view),
        lines = this.drawsOn("line", view);
      this._visible = this.visibleIn(view);
      this._marked = [];
      this._clusters = [];
      if (!areas && !lines) {
        return;
      }
      for (const i of this._visible) {
        const kind = data.kinds[i],
          look = isLine(kind) ? lines && this.lookOf("line", i) : areas && isArea(kind) && this.lookOf("polygon", i);
        if (look && view.zoom >= (look.minZoom || 0)) {
          this.drawn++;
        }
      }
    },

    shapesOn: function (view) {
      return view.zoom >= this.options.shapeZoom;
    },

    frame: function (view) {
      const data = this.data;
      return {
        scale: view.scale,
        dx: data.corner[0] * view.scale - view.left,
        dy: data.corner[1] * view.scale - view.top,
      };
    },

    /* one feature's paths; what lies outside the view and what falls on the same pixel is left out */
    trace: function (context, i, frame, view) {
      const data = this.data,
        walk = isArea(data.kinds[i]) ? RG.traceRing : RG.traceLine;
      for (let path = data.featureStart[i]; path < data.featureStart[i + 1]; path++) {
        walk(context, data, data.pathStart[path], data.pathStart[path + 1], frame, view);
      }
    },

    /* ------------------------------------------------------------ under a point */
    findAt: function (px, py, view) {
      const cluster = (this._clusters || []).find(function (each) {
        return Math.hypot(each.x - px, each.y - py) <= each.r + 2;
      });
      if (cluster && this.drawn) {
        return { layer: this, cluster: cluster, index: -1 };
      }
      const mark = this._findMark(px, py, view);
      if (mark >= 0) {
        return { layer: this, index: mark };
      }
      const shape = this.shapesOn(view) ? this._findShape(px, py, view) : -1;
      return shape < 0 ? null : { layer: this, index: shape };
    },

    _findMark: function (px, py, view) {
      const frame = this.frame(view),
        data = this.data;
      let best = -1,
        nearest = Math.pow(Math.max(9, this.options.size * 1.4), 2);
      for (const i of this._marked || []) {
        const x = data.ax[i] * frame.scale + frame.dx - px,
          y = data.ay[i] * frame.scale + frame.dy - py,
          d = x * x + y * y;
        if (d <= nearest) {
          nearest = d;
          best = i;
        }
      }
      return best;
    },

    _findShape: function (px, py, view) {
      const data = this.data,
        frame = this.frame(view),
        reach = 6;
      this._grid = this._grid || RG.makeGrid(data);
      const near = this._grid(
        (px - reach - frame.dx) / frame.scale,
        (py - reach - frame.dy) / frame.scale,
        (px + reach - frame.dx) / frame.scale,
        (py + reach - frame.dy) / frame.scale,
      );
      let best = -1,
        nearest = reach,
        within = -1;
      for (const i of near) {
        if (this.mask && !this.mask[i]) {
          continue;
        }
        if (isLine(data.kinds[i])) {
          const look = this.lookOf("line", i);
          if (!look || view.zoom < (look.minZoom || 0)) {
            continue;
          }
          const d = this._distance(i, px, py, frame);
          if (d <= nearest) {
            nearest = d;
            best = i;
          }
        } else if (isArea(data.kinds[i]) && this._inside(i, px, py, frame)) {
          within = i;
        }
      }
      return best >= 0 ? best : within;
    },

    lookOf: function (part, i) {
      const set = this.looks[part];
      return set ? set.looks[set.of[i]] : null;
    },

    _distance: function (i, px, py, frame) {
      const data = this.data;
      let nearest = Infinity;
      for (let path = data.featureStart[i]; path < data.featureStart[i + 1]; path++) {
        for (let k = data.pathStart[path]; k + 1 < data.pathStart[path + 1]; k++) {
          const x = data.x[k] * frame.scale + frame.dx,
            y = data.y[k] * frame.scale + frame.dy;
          const dx = data.x[k + 1] * frame.scale + frame.dx - x,
            dy = data.y[k + 1] * frame.scale + frame.dy - y;
          const along =
            dx || dy ? Math.max(0, Math.min(1, ((px - x) * dx + (py - y) * dy) / (dx * dx + dy * dy))) : 0;
          nearest = Math.min(nearest, Math.hypot(px - x - along * dx, py - y - along * dy));
        }
      }
      return nearest;
    },

    /* even-odd over all rings: a point in a hole is outside */
    _inside: function (i, px, py, frame) {
      const data = this.data,
        x = (px - frame.dx) / frame.scale,
        y = (py - frame.dy) / frame.scale;
      let inside = false;
      for (let path = data.featureStart[i]; path < data.featureStart[i + 1]; path++) {
        const start = data.pathStart[path],
          stop = data.pathStart[path + 1];
        for (let k = start, j = stop - 1; k < stop; j = k++) {
          if (
            data.y[k] > y !== data.y[j] > y &&
            x < ((data.x[j] - data.x[k]) * (y - data.y[k])) / (data.y[j] - data.y[k]) + data.x[k]
          ) {
            inside = !inside;
          }
        }
      }
      return inside;
    },

    /* whether a feature's area holds a place in degrees */
    holds: function (i, lat, lon) {
      const at = RG.mercator(lon, lat),
        corner = this.data.corner;
      return this._inside(i, at[0] - corner[0], at[1] - corner[1], { scale: 1, dx: 0, dy: 0 });
    },

    /* lines of the tooltip; a page may put its own in place */
    tell: function (found) {
      if (found.cluster) {
        return [RG.say("{n} 处", { n: found.cluster.count }), RG.say("点击放大")];
      }
      const columns = this.options.tooltip;
      if (!columns || !columns.length) {
        return null;
      }
      const self = this,
        lines = columns
          .map(function (column) {
            const value = self.get(found.index, column[0]);
            return value === "" || value === undefined || value !== value
              ? ""
              : (column[1] ? column[1] + ":" : "") + self.write(column[0], value);
          })
          .filter(Boolean);
      return lines.length ? lines : null;
    },

    write: function (column, value) {
      const kind = this.data.columns[column].kind;
      return kind === "date" ? RG.day(value) : String(value);
    },
  });

  RG.day = function (days) {
    return days === days ? new Date(days * 864e5).toISOString().slice(0, 10) : "";
  };
  RG.isLine = isLine;
  RG.isArea = isArea;
})(window);
