/* The two canvases of all packed layers of a map: the ground put together from tiles, and above it marks and names.

   A drag only moves what is drawn; what comes into view is drawn tile by tile, a few milliseconds a frame.
   Marks and names follow when the map rests. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {}),
    L = global.L;
  const FRAME_MS = 7,
    STILL_MS = 40,
    REST_MS = 110,
    STALE_MS = 600;

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

  function makeCanvas(host) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    canvas.brush = canvas.getContext("2d");
    host.append(canvas);
    return canvas;
  }

  RG.Canvas = L.Renderer.extend({
    options: { padding: 0.22, tolerance: 0 },

    initialize: function (options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._packed = [];
      this._pending = 0;
      this._tiles = new RG.Tiles(this._packed);
      this._missing = [];
      this._movedAt = this._drawnAt = -Infinity;
      this._topStale = true;
    },

    addPacked: function (layer) {
      this._packed.push(layer);
      this._packed.sort(function (a, b) {
        return a.options.zIndex - b.options.zIndex;
      });
      this.redraw();
    },

    removePacked: function (layer) {
      this._packed.splice(this._packed.indexOf(layer), 1);
      this.redraw();
    },

    _initContainer: function () {
      const host = (this._container = document.createElement("div"));
      host.className = "rg-canvas";
      this._base = makeCanvas(host);
      this._spare = document.createElement("canvas");
      this._spare.brush = this._spare.getContext("2d");
      this._top = makeCanvas(host);
    },

    _destroyContainer: function () {
      L.DomUtil.remove(this._container);
    },

    getEvents: function () {
      const events = L.Renderer.prototype.getEvents.call(this);
      events.move = this._update;
      return events;
    },

    _updatePaths: function () {
      /* there are no paths of Leaflet's own here */
    },

    /* what a short move brings into view is there already */
    _holds: function () {
      if (!this._bounds || this._zoom !== this._map.getZoom()) {
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
      if (this._map._animatingZoom && this._bounds) {
        return;
      }
      const start = performance.now(),
        at = this._map._getMapPanePos();
      /* the end of a movement is told as well: then nothing has moved since */
      if (!this._paneAt || !this._paneAt.equals(at)) {
        this._movedAt = start;
        this._paneAt = at.clone();
      }
      if (!this._holds()) {
        this._place();
        this._spent = performance.now() - start;
      }
      this._schedule();
    },

    /* new bounds around the view; what is drawn stays in its place, or at its new size, until the tiles are there */
    _place: function () {
      const before = this._bounds && this._origin ? this.view() : null,
        ghost = this._spare;
      this._size = this._map.getSize();
      this._origin = this._map.getPixelOrigin();
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize(),
        ratio = (this._ratio = ratioNow());
      L.DomUtil.setPosition(this._container, this._bounds.min);
      const zoomed = before && (before.zoom !== this._zoom || before.ratio !== ratio);
      if (zoomed) {
        ghost.width = this._base.width;
        ghost.height = this._base.height;
        ghost.brush.drawImage(this._base, 0, 0);
        this._topStale = true;
        this._movedAt = -Infinity;
      }
      fitCanvas(this._base, size, ratio);
      this._placeTop();
      const view = this.view(),
        brush = this._base.brush;
      this._wipe(this._base);
      if (zoomed) {
        const grown = view.scale / before.scale;
        brush.drawImage(
          ghost,
          (before.left * grown - view.left) * ratio,
          (before.top * grown - view.top) * ratio,
          before.width * grown * ratio,
          before.height * grown * ratio,
        );
      }
      this._compose();
      if (!this._topView || !this._covers(this._topView)) {
        this._topStale = true;
      }
      this.fire("update");
    },

    /* tiles that are there are shown at once; the others wait in line, what one sees first */
    _compose: function () {
      const view = this.view(),
        self = this;
      this._missing = [];
      this._tiles.list(view, this.screen()).forEach(function (spot) {
        const tile = self._tiles.find(spot, view);
        if (tile && tile.full) {
          self._tiles.show(tile, self._base.brush, view);
        }
        if (!tile || !tile.fresh) {
          self._missing.push(spot);
        }
      });
    },

    _placeTop: function () {
      const drawn = this._topView;
      if (!drawn) {
        return;
      }
      const grown = this._map.options.crs.scale(this._zoom) / drawn.scale,
        min = this._bounds.min.add(this._origin);
      L.DomUtil.setTransform(
        this._top,
        L.point(drawn.left * grown - min.x, drawn.top * grown - min.y),
        grown,
      );
    },

    _covers: function (drawn) {
      if (drawn.zoom !== this._zoom) {
        return false;
      }
      const view = this.view(),
        seen = this.screen();
      return (
        drawn.left <= view.left + seen.left &&
        drawn.top <= view.top + seen.top &&
        drawn.left + drawn.width >= view.left + seen.right &&
        drawn.top + drawn.height >= view.top + seen.bottom
      );
    },

    /* several changes in one turn make one drawing */
    redraw: function () {
      this._changed = this._topStale = true;
      this._movedAt = -Infinity;
      this._schedule();
    },

    _schedule: function () {
      if (this._map && !this._pending && !this.held) {
        this._pending = L.Util.requestAnimFrame(this._work, this);
      }
    },

    /* a few milliseconds of what is left to do; the rest in the next frame */
    _work: function () {
      this._pending = 0;
      if (!this._map || !this._bounds || this.held || this._map._animatingZoom) {
        return;
      }
      const now = performance.now(),
        start = now - (this._spent || 0),
        rested = now - this._movedAt > REST_MS,
        most = rested ? STILL_MS : FRAME_MS;
      this._spent = 0;
      this._take();
      const view = this.view();
      let seen = this._missing.length && this._missing[0].seen;
      while (seen && performance.now() - start < most) {
        this._drawNext(view);
        seen = this._missing.length && this._missing[0].seen;
      }
      if (!seen && this._topStale) {
        const late = start - this._drawnAt > STALE_MS && !this._covers(this._topView || view);
        if ((rested || late) && performance.now() - start < most) {
          this._drawTop();
        }
      } else if (!seen && this._missing.length) {
        this._drawNext(view);
      }
      if (this._missing.length || this._topStale) {
        this._schedule();
      } else {
        this.fire("settled");
      }
    },

    _take: function () {
      if (this._changed) {
        this._changed = false;
        this._compose();
      }
    },

    _drawNext: function (view) {
      const tile = this._tiles.draw(this._missing.shift(), view);
      this._tiles.show(tile, this._base.brush, view);
    },

    /* all that one sees, before this call returns */
    redrawNow: function () {
      if (!this._map || !this._bounds || this.held) {
        return;
      }
      if (this._pending) {
        L.Util.cancelAnimFrame(this._pending);
        this._pending = 0;
      }
      if (this.direct) {
        this._drawGround();
        this._drawTop();
        return;
      }
      this._take();
      const view = this.view();
      while (this._missing.length && this._missing[0].seen) {
        this._drawNext(view);
      }
      if (this._topStale) {
        this._drawTop();
      }
      if (this._missing.length) {
        this._schedule();
      }
    },

    /* on paper a cleared canvas is white and hides what is below: there it is made anew */
    _wipe: function (canvas) {
      if (this.direct) {
        canvas.width = Number(canvas.width);
      }
      canvas.brush.setTransform(1, 0, 0, 1, 0, 0);
      if (!this.direct) {
        canvas.brush.clearRect(0, 0, canvas.width, canvas.height);
      }
    },

    /* on paper the ground is drawn without tiles, so that lines stay lines */
    _drawGround: function () {
      const view = this.view(),
        brush = this._base.brush;
      this._wipe(this._base);
      brush.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
      this._missing = [];
      for (const [part, draw] of [
        ["polygon", "drawAreas"],
        ["line", "drawLines"],
      ]) {
        for (const layer of this._packed) {
          if (layer.drawsOn(part, view)) {
            layer[draw](brush, view);
          }
        }
      }
    },

    /* everything is drawn, also the rim around the view */
    isSettled: function () {
      return !this._missing.length && !this._topStale && !this._changed && !this._map._animatingZoom;
    },

    view: function () {
      /* zoom and origin of the last update, not the map's: while it flies they differ */
      const zoom = this._zoom,
        min = this._bounds.min,
        origin = this._origin,
        size = this._bounds.getSize();
      return {
        zoom: zoom,
        scale: this._map.options.crs.scale(zoom),
        ratio: this._ratio,
        width: size.x,
        height: size.y,
        left: origin.x + min.x,
        top: origin.y + min.y,
      };
    },

    /* the part of the canvas that one sees */
    screen: function () {
      const corner = this._map.containerPointToLayerPoint([0, 0]).subtract(this._bounds.min),
        size = this._map.getSize();
      return { left: corner.x, top: corner.y, right: corner.x + size.x, bottom: corner.y + size.y };
    },

    /* marks, then names: what stands above the ground */
    _drawTop: function () {
      const view = (this._topView = this.view()),
        ratio = this._ratio,
        context = this._top.brush;
      const layers = this._packed.filter(function (layer) {
        return layer.data && layer.shown(view.zoom);
      });
      view.labels = new RG.LabelRoom(view.width, view.height, this.screen());
      fitCanvas(this._top, this._bounds.getSize(), ratio);
      this._placeTop();
      this._wipe(this._top);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      for (const layer of this._packed) {
        layer.drawn = 0;
      }
      for (const layer of layers) {
        layer.takeView(view);
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
      this._topStale = false;
      this._drawnAt = performance.now();
      this.fire("drawn");
    },

    /* what one sees, onto another canvas */
    paintView: function (brush, left, top) {
      this.redrawNow();
      const part = this.screen(),
        ratio = this._ratio,
        width = part.right - part.left,
        height = part.bottom - part.top,
        view = this.view(),
        shiftX = view.left - this._topView.left,
        shiftY = view.top - this._topView.top;
      for (const [canvas, x, y] of [
        [this._base, 0, 0],
        [this._top, shiftX, shiftY],
      ]) {
        brush.drawImage(
          canvas,
          (part.left + x) * ratio,
          (part.top + y) * ratio,
          width * ratio,
          height * ratio,
          left,
          top,
          width,
          height,
        );
      }
    },

    /* the topmost thing under a point of the map's container, or null */
    find: function (point) {
      const view = this._topView;
      if (!this._bounds || !view || view.zoom !== this._zoom) {
        return null;
      }
      const min = L.point(view.left, view.top).subtract(this._origin),
        at = this._map.containerPointToLayerPoint(point).subtract(min);
      for (let k = this._packed.length - 1; k >= 0; k--) {
        const layer = this._packed[k];
        if (!layer.data || !layer.options.interactive || !layer.shown(view.zoom)) {
          continue;
        }
        const found = layer.findAt(at.x, at.y, view);
        if (found) {
          return found;
        }
      }
      return null;
    },
  });

  function fitCanvas(canvas, size, ratio) {
    const width = Math.round(size.x * ratio),
      height = Math.round(size.y * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
  }
})(window);
