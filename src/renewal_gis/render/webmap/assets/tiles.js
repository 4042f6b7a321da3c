/* Tiles of the ground: areas and lines of all layers, drawn once and kept. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const SIDE = 256,
    MOST = 160,
    RIM = 16;

  /* layers: the list that the canvas keeps in order */
  RG.Tiles = function (layers) {
    this.layers = layers;
    this.kept = new Map();
    this.around = null;
  };

  function sideOf(ratio) {
    return Math.round(SIDE * ratio) / ratio;
  }

  /* places of the tiles of a view; those on the screen first, from its middle */
  RG.Tiles.prototype.list = function (view, screen) {
    const side = sideOf(view.ratio),
      spots = [],
      x0 = view.left + (screen.left + screen.right) / 2,
      y0 = view.top + (screen.top + screen.bottom) / 2;
    for (let column = Math.floor(view.left / side); column * side < view.left + view.width; column++) {
      for (let row = Math.floor(view.top / side); row * side < view.top + view.height; row++) {
        const left = column * side - view.left,
          top = row * side - view.top;
        spots.push({
          key: view.zoom + "/" + view.ratio + "/" + RG.theme + "/" + column + "/" + row,
          left: column * side,
          top: row * side,
          side: side,
          far: Math.hypot((column + 0.5) * side - x0, (row + 0.5) * side - y0),
          seen:
            left < screen.right && left + side > screen.left && top < screen.bottom && top + side > screen.top,
        });
      }
    }
    return spots.sort(function (a, b) {
      return b.seen - a.seen || a.far - b.far;
    });
  };

  /* a layer that changes makes the tiles old that it is drawn on, at this zoom; others stay as they are */
  RG.Tiles.prototype.sign = function (view, part) {
    return this.layers
      .filter(function (layer) {
        return layer.drawsOn(part, view);
      })
      .map(function (layer) {
        return layer.name + layer.version;
      })
      .join();
  };

  RG.Tiles.prototype.find = function (spot, view) {
    const tile = this.kept.get(spot.key);
    if (!tile) {
      return null;
    }
    this.kept.delete(spot.key);
    this.kept.set(spot.key, tile);
    tile.fresh = tile.areas === this.sign(view, "polygon") && tile.lines === this.sign(view, "line");
    return tile;
  };

  RG.Tiles.prototype.draw = function (spot, view) {
    const own = Object.assign({}, view, {
      left: spot.left,
      top: spot.top,
      width: spot.side,
      height: spot.side,
      around: this._around(view),
    });
    const tile = this.kept.get(spot.key) || this._make(spot, view.ratio),
      lines = this.sign(view, "line");
    if (tile.lines !== lines) {
      this._paint(tile.over, own, "line");
      tile.lines = lines;
    }
    this._paint(tile.full, own, "polygon");
    tile.areas = this.sign(view, "polygon");
    tile.full.brush.setTransform(1, 0, 0, 1, 0, 0);
    tile.full.brush.drawImage(tile.over, 0, 0);
    tile.fresh = true;
    this.kept.set(spot.key, tile);
    return tile;
  };

  /* a canvas that is no longer needed serves again */
  RG.Tiles.prototype._make = function (spot, ratio) {
    const size = Math.round(spot.side * ratio);
    let tile = null;
    if (this.kept.size >= MOST) {
      const key = this.kept.keys().next().value;
      tile = this.kept.get(key);
      this.kept.delete(key);
    }
    tile = tile || {};
    for (const name of ["full", "over"]) {
      if (!tile[name]) {
        tile[name] = document.createElement("canvas");
        tile[name].brush = tile[name].getContext("2d");
      }
      if (tile[name].width !== size) {
        tile[name].width = tile[name].height = size;
      }
    }
    return Object.assign(tile, { left: spot.left, top: spot.top, side: spot.side, lines: null, areas: null });
  };

  RG.Tiles.prototype._paint = function (canvas, view, part) {
    const brush = canvas.brush;
    brush.setTransform(1, 0, 0, 1, 0, 0);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    brush.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    for (const layer of this.layers) {
      if (layer.drawsOn(part, view)) {
        layer[part === "line" ? "drawLines" : "drawAreas"](brush, view);
      }
    }
  };

  /* tiles of one view look for their features among those of the view, not of the whole layer */
  RG.Tiles.prototype._around = function (view) {
    const known = this.around,
      rim = SIDE + RIM;
    if (!known || known.scale !== view.scale || known.left + rim !== view.left || known.top + rim !== view.top) {
      this.around = {
        scale: view.scale,
        left: view.left - rim,
        top: view.top - rim,
        width: view.width + 2 * rim,
        height: view.height + 2 * rim,
      };
    }
    return this.around;
  };

  RG.Tiles.prototype.show = function (tile, brush, view) {
    const left = Math.round((tile.left - view.left) * view.ratio),
      top = Math.round((tile.top - view.top) * view.ratio);
    brush.setTransform(1, 0, 0, 1, 0, 0);
    brush.clearRect(left, top, tile.full.width, tile.full.height);
    brush.drawImage(tile.full, left, top);
  };
})(window);
