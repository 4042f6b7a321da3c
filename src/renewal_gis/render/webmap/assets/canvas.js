/* One canvas for all packed layers of a map: culls, draws, labels, and answers what lies under a point. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {}),
    L = global.L;
  const LINE_BATCH = 1000,
    STALE_MS = 250,
    CELL = 64;

  RG.theme = "light";
  RG.themes = { light: {}, dark: {} };

  /* colours are written as they are, as a name of the theme ("@water"), or as {light, dark} */
  RG.color = function (word) {
    if (!word) {
      return null;
    }
    if (typeof word === "object") {
      return word[RG.theme];
    }
    return word[0] === "@" ? RG.themes[RG.theme][word.slice(1)] || "#888888" : word;
  };

  function ratioNow() {
    return Math.min(global.devicePixelRatio || 1, 3);
  }

  RG.Canvas = L.Renderer.extend({
    options: { padding: 0.22, tolerance: 0 },

    initialize: function (options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._packed = [];
      this._pending = 0;
    },

    addPacked: function (layer) {
      this._packed.push(layer);
      this._packed.sort(function (a, b) {
        return a.options.zIndex - b.options.zIndex;
      });
      this.redraw();
    },

    removePacked: function (layer) {
      this._packed = this._packed.filter(function (other) {
        return other !== layer;
      });
      this.redraw();
    },

    _initContainer: function () {
      const canvas = (this._container = document.createElement("canvas"));
      canvas.className = "rg-canvas";
      canvas.setAttribute("aria-hidden", "true");
      this._context = canvas.getContext("2d");
    },

    _destroyContainer: function () {
      L.DomUtil.remove(this._container);
    },

    getEvents: function () {
      const events = L.Renderer.prototype.getEvents.call(this);
      events.move = this._follow;
      return events;
    },

    /* a long drag leaves the drawn part behind: what is there moves along at once, the rest follows */
    _follow: function () {
      const flying = this._origin && !this._origin.equals(this._map.getPixelOrigin());
      if (!this._bounds || flying || this._map._animatingZoom || this._holds()) {
        return;
      }
      if (performance.now() - this._drawnAt < STALE_MS && this._zoom === this._map.getZoom()) {
        this._shift();
      } else {
        this._update();
      }
    },

    _shift: function () {
      const before = this._bounds.min,
        context = this._context,
        canvas = this._container;
      L.Renderer.prototype._update.call(this);
      const by = before.subtract(this._bounds.min);
      L.DomUtil.setPosition(canvas, this._bounds.min);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.globalCompositeOperation = "copy";
      context.drawImage(canvas, by.x * this._ratio, by.y * this._ratio);
      context.globalCompositeOperation = "source-over";
      this._shifted = true;
    },

    _updatePaths: function () {
      /* there are no paths of Leaflet's own here */
    },

    /* what a short move brings into view is drawn already */
    _holds: function () {
      if (!this._bounds || this._zoom !== this._map.getZoom() || !this._view) {
        return false;
      }
      const size = this._map.getSize(),
        corner = this._map.containerPointToLayerPoint([0, 0]);
      return (
        this._ratio === ratioNow() &&
        this._size.equals(size) &&
        this._origin.equals(this._map.getPixelOrigin()) &&
        this._bounds.contains(L.bounds(corner, corner.add(size)))
      );
    },

    _update: function () {
      if ((this._map._animatingZoom && this._bounds) || (this._holds() && !this._shifted)) {
        return;
      }
      this._size = this._map.getSize();
      this._origin = this._map.getPixelOrigin();
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize(),
        ratio = (this._ratio = ratioNow());
      const canvas = this._container;
      L.DomUtil.setPosition(canvas, this._bounds.min);
      const width = Math.round(size.x * ratio),
        height = Math.round(size.y * ratio);
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
        canvas.style.width = size.x + "px";
        canvas.style.height = size.y + "px";
      }
      this._draw();
      this.fire("update");
    },

    /* several changes in one turn make one drawing */
    redraw: function () {
      if (!this._map || this._pending) {
        return;
      }
      this._pending = L.Util.requestAnimFrame(function () {
        this._pending = 0;
        this._draw();
      }, this);
    },

    redrawNow: function () {
      if (this._pending) {
        L.Util.cancelAnimFrame(this._pending);
        this._pending = 0;
      }
      if (this._map && this._bounds) {
        this._draw();
      }
    },

    view: function () {
      /* zoom and origin of the last update, not the map's: while it flies they differ */
      const zoom = this._zoom,
        min = this._bounds.min,
        origin = this._origin;
      const size = this._bounds.getSize(),
        scale = this._map.options.crs.scale(zoom);
      return {
        zoom: zoom,
        scale: scale,
        ratio: this._ratio,
        width: size.x,
        height: size.y,
        left: origin.x + min.x,
        top: origin.y + min.y,
        labels: new RG.LabelRoom(size.x, size.y, this.screen()),
      };
    },

    /* the part of the canvas that one sees */
    screen: function () {
      const corner = this._map.containerPointToLayerPoint([0, 0]).subtract(this._bounds.min),
        size = this._map.getSize();
      return { left: corner.x, top: corner.y, right: corner.x + size.x, bottom: corner.y + size.y };
    },

    _draw: function () {
      /* a page holds the drawing back until all its layers are read */
      if (!this._map || !this._bounds || this.held) {
        return;
      }
      const context = this._context,
        view = (this._view = this.view()),
        ratio = this._ratio;
      const layers = this._packed.filter(function (layer) {
        return layer.data && layer.shown(view.zoom);
      });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, view.width, view.height);
      for (const layer of this._packed) {
        layer.drawn = 0;
      }
      for (const layer of layers) {
        layer.drawAreas(context, view);
      }
      for (const layer of layers) {
        layer.drawLines(context, view);
      }
      for (const layer of layers) {
        layer.drawMarks(context, view);
      }
      const labelled = layers.filter(function (layer) {
        return layer.options.label;
      });
      labelled.sort(function (a, b) {
        return (b.options.label.rank || 0) - (a.options.label.rank || 0);
      });
      for (const layer of labelled) {
        layer.drawLabels(context, view);
      }
      this._shifted = false;
      this._drawnAt = performance.now();
      this.fire("drawn");
    },

    /* the topmost thing under a point of the map's container, or null */
    find: function (point) {
      if (!this._bounds || !this._view) {
        return null;
      }
      const at = this._map.containerPointToLayerPoint(point).subtract(this._bounds.min);
      for (let k = this._packed.length - 1; k >= 0; k--) {
        const layer = this._packed[k];
        if (!layer.data || !layer.options.interactive || !layer.shown(this._view.zoom)) {
          continue;
        }
        const found = layer.findAt(at.x, at.y, this._view);
        if (found) {
          return found;
        }
      }
      return null;
    },
  });

  RG.canvasOf = function (map) {
    if (!map._packedCanvas) {
      map._packedCanvas = new RG.Canvas({});
      map.addLayer(map._packedCanvas);
      RG.listen(map);
    }
    return map._packedCanvas;
  };

  /* mouse and click for all packed layers of a map */
  RG.listen = function (map) {
    const canvas = map._packedCanvas,
      tip = L.DomUtil.create("div", "rg-tip", map.getContainer());
    let waiting = null,
      last = null;
    tip.hidden = true;
    function hide() {
      tip.hidden = true;
      last = null;
      map.getContainer().classList.remove("rg-over");
    }
    function look(point) {
      const found = map.rgBusy ? null : canvas.find(point);
      map.getContainer().classList.toggle("rg-over", Boolean(found));
      const text = found && found.layer.tell(found);
      if (!text) {
        hide();
        return;
      }
      if (
        !last ||
        last.layer !== found.layer ||
        last.index !== found.index ||
        last.cluster !== found.cluster
      ) {
        tip.textContent = "";
        tip.append.apply(
          tip,
          text.map(function (line, k) {
            const row = document.createElement(k ? "span" : "b");
            row.textContent = line;
            return row;
          }),
        );
      }
      last = found;
      tip.hidden = false;
      const size = map.getSize(),
        right = point.x + 16 + tip.offsetWidth > size.x - (map.rgCovered || 0);
      tip.style.left = (right ? point.x - 12 - tip.offsetWidth : point.x + 16) + "px";
      tip.style.top = Math.max(4, Math.min(point.y + 12, size.y - tip.offsetHeight - 8)) + "px";
    }
    map.on("mousemove", function (event) {
      if (waiting === null) {
        L.Util.requestAnimFrame(function () {
          const point = waiting;
          waiting = null;
          if (point) {
            look(point);
          }
        });
      }
      waiting = event.containerPoint;
    });
    map.on("mouseout movestart zoomstart", function () {
      waiting = false;
      hide();
      waiting = null;
    });
    map.on("click", function (event) {
      if (map.rgBusy) {
        return;
      }
      const found = canvas.find(event.containerPoint);
      if (!found) {
        map.fire("packed:none", event);
        return;
      }
      hide();
      if (found.cluster) {
        map.flyToBounds(found.layer.boundsOf(found.cluster.members), {
          padding: [60, 60],
          maxZoom: 17,
          duration: 0.4,
        });
        return;
      }
      found.latlng = event.latlng;
      found.layer.fire("packed:click", found);
      map.fire("packed:click", found);
    });
  };

  /* ---------------------------------------------------------------- labels that do not overlap */
  RG.LabelRoom = function (width, height, screen) {
    this.taken = new Map();
    this.width = width;
    this.height = height;
    this.screen = screen;
  };
  RG.LabelRoom.prototype.take = function (left, top, right, bottom) {
    if (left < 2 || top < 2 || right > this.width - 2 || bottom > this.height - 2) {
      return false;
    }
    const cells = [];
    for (let column = Math.floor(left / CELL); column <= right / CELL; column++) {
      for (let row = Math.floor(top / CELL); row <= bottom / CELL; row++) {
        const key = column * 4096 + row,
          boxes = this.taken.get(key) || [];
        for (const box of boxes) {
          if (left < box[2] && right > box[0] && top < box[3] && bottom > box[1]) {
            return false;
          }
        }
        cells.push([key, boxes]);
      }
    }
    for (const [key, boxes] of cells) {
      boxes.push([left, top, right, bottom]);
      this.taken.set(key, boxes);
    }
    return true;
  };

  /* ---------------------------------------------------------------- small drawings */
  const sprites = new Map();

  RG.traceShape = function (context, shape, x, y, radius) {
    const outline = RG.shapes[shape] || RG.shapes.circle;
    if (shape === "circle") {
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
      return;
    }
    outline.forEach(function (corner, k) {
      context[k ? "lineTo" : "moveTo"](x + corner[0] * radius, y - corner[1] * radius);
    });
    context.closePath();
  };

  /* a mark: white rim, then hollow, dot, half or full in its colour */
  RG.paintMark = function (context, symbol, fill, x, y, size) {
    const radius = size * (symbol.scale || 1),
      color = RG.color(symbol.color),
      paper = RG.themes[RG.theme].halo || "#fff";
    const dark = RG.theme === "dark" && color === "#000000" ? "#E8EDF3" : color;
    const rim = Math.max(1.2, radius / 4.2);
    context.lineJoin = "round";
    context.beginPath();
    RG.traceShape(context, symbol.shape, x, y, radius);
    context.lineWidth = rim + 2.4;
    context.strokeStyle = paper;
    context.stroke();
    context.fillStyle = fill === "full" ? dark : paper;
    context.fill();
    if (fill === "half") {
      context.save();
      context.clip();
      context.fillStyle = dark;
      context.fillRect(x - 2 * radius, y, 4 * radius, 2 * radius);
      context.restore();
    } else if (fill === "dot") {
      context.beginPath();
      context.arc(x, y, radius * 0.36, 0, 2 * Math.PI);
      context.fillStyle = dark;
      context.fill();
    }
    context.beginPath();
    RG.traceShape(context, symbol.shape, x, y, radius);
    context.lineWidth = rim;
    context.strokeStyle = dark === "#F0E442" ? "#B0A400" : dark;
    context.stroke();
  };

  RG.sprite = function (symbol, fill, size, ratio) {
    const key = [symbol.shape, symbol.color, symbol.scale, fill, size, ratio, RG.theme].join();
    let sprite = sprites.get(key);
    if (!sprite) {
      const half = Math.ceil(size * (symbol.scale || 1) * 1.1) + 4;
      sprite = document.createElement("canvas");
      sprite.width = sprite.height = 2 * half * ratio;
      const context = sprite.getContext("2d");
      context.scale(ratio, ratio);
      RG.paintMark(context, symbol, fill, half, half, size);
      sprite.half = half;
      sprites.set(key, sprite);
    }
    return sprite;
  };

  RG.hatch = function (context, spec) {
    const key = "hatch" + JSON.stringify(spec) + RG.theme;
    let tile = sprites.get(key);
    if (!tile) {
      const gap = spec.gap;
      tile = document.createElement("canvas");
      tile.width = tile.height = gap;
      const brush = tile.getContext("2d");
      brush.fillStyle = brush.strokeStyle = RG.color(spec.color);
      if (spec.dots) {
        brush.beginPath();
        brush.arc(gap / 2, gap / 2, 0.8, 0, 7);
        brush.fill();
      } else {
        const flip = spec.angle > 90;
        brush.lineWidth = 0.9;
        for (let shift = -gap; shift <= gap; shift += gap) {
          brush.beginPath();
          brush.moveTo(shift, flip ? 0 : gap);
          brush.lineTo(shift + gap, flip ? gap : 0);
          brush.stroke();
        }
      }
      sprites.set(key, tile);
    }
    return context.createPattern(tile, "repeat");
  };

  RG.LINE_BATCH = LINE_BATCH;
})(window);
