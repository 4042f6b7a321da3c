/* Marks, hatches and the room that names take, for the canvas of a map. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {});
  const CELL = 64;

  /* our words in the language of the page; {name} stands for a value */
  RG.words = RG.words || {};
  RG.say = function (text, values) {
    const words = Object.prototype.hasOwnProperty.call(RG.words, text) ? RG.words[text] : text;
    return values
      ? words.replace(/\{(\w+)\}/g, function (_, name) {
          return String(values[name]);
        })
      : words;
  };

  /* ---------------------------------------------------------------- labels that do not overlap */
  RG.LabelRoom = function (width, height, screen) {
    this.taken = new Map();
    this.width = width;
    this.height = height;
    this.screen = screen;
  };
  /* what is drawn there already, whether others overlap it or not */
  RG.LabelRoom.prototype.block = function (left, top, right, bottom) {
    for (let column = Math.floor(left / CELL); column <= right / CELL; column++) {
      for (let row = Math.floor(top / CELL); row <= bottom / CELL; row++) {
        const key = column * 4096 + row,
          boxes = this.taken.get(key) || [];
        boxes.push([left, top, right, bottom]);
        this.taken.set(key, boxes);
      }
    }
  };
  RG.LabelRoom.prototype.take = function (left, top, right, bottom) {
    if (left < 2 || top < 2 || right > this.width - 2 || bottom > this.height - 2) {
      return false;
    }
    /* what the edge of the screen would cut is left out; what is outside may come into view as it is */
    const seen = this.screen;
    if (
      left < seen.right &&
      right > seen.left &&
      top < seen.bottom &&
      bottom > seen.top &&
      (left < seen.left || right > seen.right || top < seen.top || bottom > seen.bottom)
    ) {
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

  /* a pattern that stays with the ground as the map moves, and from tile to tile */
  RG.hatch = function (context, spec, view) {
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
    const pattern = context.createPattern(tile, "repeat");
    if (view && pattern.setTransform) {
      pattern.setTransform(new DOMMatrix([1, 0, 0, 1, -(view.left % spec.gap), -(view.top % spec.gap)]));
    }
    return pattern;
  };
})(window);
