/* How a packed layer is drawn: areas, lines, marks. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const LINE_BATCH = 1000;
  RG.font =
    '"Noto Sans SC","Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","WenQuanYi Micro Hei",sans-serif';

  /* lines grow with the zoom as in print: thin on the overview, full width in the street */
  function widthAt(zoom) {
    return Math.max(0.45, Math.min(2.6, Math.pow(1.22, zoom - 13)));
  }

  /* the colour of a district steps back as one comes near enough to read the streets */
  function fadeAt(fade, zoom) {
    const part = Math.max(0, Math.min(1, (zoom - fade.from) / (fade.to - fade.from)));
    return 1 - part * (1 - fade.least);
  }

  RG.PackedLayer.include({
    drawAreas: function (context, view) {
      const list = this.visibleIn(view);
      this._fillAreas(context, view, list);
      if (this.cover && this.cover.layer.data && this.cover.look) {
        this._fillCovered(context, view, list);
      }
    },

    _fillAreas: function (context, view, list) {
      const data = this.data,
        set = this.looks.polygon,
        frame = this.frame(view),
        fade = this.options.fade;
      context.lineJoin = "round";
      context.setLineDash([]);
      for (const i of list) {
        const look = RG.isArea(data.kinds[i]) ? set.looks[set.of[i]] : null;
        if (!look) {
          continue;
        }
        context.beginPath();
        this.trace(context, i, frame, view);
        if (fade) {
          this._fill(context, { fill: fade.base }, view);
        }
        this._fill(
          context,
          fade
            ? Object.assign({}, look, {
                alpha: fadeAt(fade, view.zoom),
                hatch: view.zoom < fade.to ? look.hatch : null,
              })
            : look,
          view,
        );
        if (look.width) {
          context.lineWidth = look.width;
          context.setLineDash(look.dash || []);
          context.strokeStyle = RG.color(look.stroke);
          context.stroke();
        }
      }
    },

    _fill: function (context, look, view) {
      if (look.fill) {
        context.globalAlpha = look.alpha === undefined ? 1 : look.alpha;
        context.fillStyle = RG.color(look.fill);
        context.fill("evenodd");
        context.globalAlpha = 1;
      }
      if (look.hatch) {
        context.fillStyle = RG.hatch(context, look.hatch, view);
        context.fill("evenodd");
      }
    },

    /* the part of the areas that lies within another layer's feature, in a second look */
    _fillCovered: function (context, view, list) {
      const cover = this.cover,
        frame = cover.layer.frame(view),
        own = this.frame(view),
        data = this.data;
      context.save();
      context.beginPath();
      for (const i of cover.features) {
        cover.layer.trace(context, i, frame, view);
      }
      context.clip("evenodd");
      for (const i of list) {
        if (!RG.isArea(data.kinds[i])) {
          continue;
        }
        context.beginPath();
        this.trace(context, i, own, view);
        this._fill(context, cover.look, view);
        if (cover.look.width) {
          context.lineWidth = cover.look.width;
          context.strokeStyle = RG.color(cover.look.stroke);
          context.stroke();
        }
      }
      context.restore();
    },

    drawLines: function (context, view) {
      const set = this.looks.line,
        data = this.data,
        frame = this.frame(view);
      const lists = set.looks.map(function () {
        return [];
      });
      for (const i of this.visibleIn(view)) {
        if (RG.isLine(data.kinds[i])) {
          lists[set.of[i]].push(i);
        }
      }
      const grown = this.options.fixedWidth ? 1 : widthAt(view.zoom);
      context.lineCap = "round";
      context.lineJoin = "round";
      const casings = set.looks.some(function (look) {
        return look && look.casing;
      });
      for (const pass of casings ? ["casing", "line"] : ["line"]) {
        for (let k = set.looks.length - 1; k >= 0; k--) {
          const look = set.looks[k];
          if (!look || view.zoom < (look.minZoom || 0) || (pass === "casing" && !look.casing)) {
            continue;
          }
          const width = Math.max(look.width * grown, 0.4);
          context.lineWidth = pass === "casing" ? width + (look.casingWidth || 1.6) : width;
          context.strokeStyle = RG.color(pass === "casing" ? look.casing : look.color);
          context.globalAlpha = look.alpha === undefined ? 1 : look.alpha;
          context.setLineDash(
            pass === "line" && look.dash
              ? look.dash.map(function (each) {
                  return each * Math.max(1, grown);
                })
              : [],
          );
          /* round ends cost time and are not seen on a thin line */
          context.lineCap = look.dash || width < 2.5 ? "butt" : "round";
          context.lineJoin = width < 2.5 ? "bevel" : "round";
          /* dashes are counted from the start of the line: there it is drawn as a whole */
          this._strokeAll(context, lists[k], frame, look.dash ? null : view);
        }
      }
      context.globalAlpha = 1;
      context.setLineDash([]);
    },

    /* paths of about a thousand vertices are drawn faster than one of a hundred thousand, or than each alone */
    _strokeAll: function (context, list, frame, view) {
      const starts = this.data.featureStart,
        paths = this.data.pathStart;
      for (let at = 0; at < list.length;) {
        context.beginPath();
        for (let size = 0; at < list.length && size < LINE_BATCH; at++) {
          this.trace(context, list[at], frame, view);
          size += paths[starts[list[at] + 1]] - paths[starts[list[at]]];
        }
        context.stroke();
      }
    },

    /* ------------------------------------------------------------ marks */
    wantsMark: function (i, view) {
      const kind = this.data.kinds[i];
      return (
        kind === 1 ||
        kind === 4 ||
        (this.options.marks && kind > 0 && (this.options.marks === "always" || !this.shapesOn(view)))
      );
    },

    drawMarks: function (context, view) {
      const set = this.looks.symbol,
        gather = this.options.aggregate;
      if (!set) {
        return;
      }
      const list = this._visible.filter(function (i) {
        return this.wantsMark(i, view);
      }, this);
      if (gather && !this.scattered && (view.zoom < gather.below || list.length > (gather.limit || 1500))) {
        this._drawClusters(context, view, list);
        return;
      }
      if (view.zoom < (this.options.dotsBelow || 0)) {
        this._drawDots(context, view, list);
        return;
      }
      this._drawEach(
        context,
        view,
        list,
        this.options.size * Math.max(0.62, Math.min(1.25, 0.62 + (view.zoom - 11) * 0.11)),
      );
    },

    _drawEach: function (context, view, list, size) {
      const set = this.looks.symbol,
        fills = this.looks.fill,
        frame = this.frame(view),
        data = this.data;
      const rounded = Math.round(size * 2) / 2,
        sprites = new Map();
      for (const i of list) {
        const fill = fills ? fills.looks[fills.of[i]] : "full",
          look = set.looks[set.of[i]];
        if (!look) {
          continue;
        }
        const key = set.of[i] * 64 + (fills ? fills.of[i] : 0);
        let sprite = sprites.get(key);
        if (!sprite) {
          sprite = RG.sprite(look, fill, rounded, view.ratio);
          sprites.set(key, sprite);
        }
        const x = data.ax[i] * frame.scale + frame.dx,
          y = data.ay[i] * frame.scale + frame.dy;
        context.drawImage(sprite, x - sprite.half, y - sprite.half, 2 * sprite.half, 2 * sprite.half);
        this._marked.push(i);
      }
      this.drawn += list.length;
    },

    /* on the overview a mark is a spot in its colour */
    _drawDots: function (context, view, list) {
      const set = this.looks.symbol,
        frame = this.frame(view),
        data = this.data,
        half = 1 + Math.max(0, view.zoom - 9) * 0.3;
      for (let k = set.looks.length - 1; k >= 0; k--) {
        if (!set.looks[k]) {
          continue;
        }
        context.fillStyle = RG.color(set.looks[k].color);
        for (const i of list) {
          if (set.of[i] !== k) {
            continue;
          }
          context.fillRect(
            data.ax[i] * frame.scale + frame.dx - half,
            data.ay[i] * frame.scale + frame.dy - half,
            2 * half,
            2 * half,
          );
          this._marked.push(i);
        }
      }
      this.drawn += list.length;
    },
  });
})(window);
