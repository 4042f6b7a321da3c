/* Paths of features onto a canvas, no more of them than one can see. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {});
  const RIM = 16;

  /* on which sides of the view a place lies: two places that share a side have nothing of it between them */
  function sideOf(x, y, view) {
    return (
      (x < -RIM ? 1 : x > view.width + RIM ? 2 : 0) | (y < -RIM ? 4 : y > view.height + RIM ? 8 : 0)
    );
  }

  RG.traceLine = function (context, data, start, stop, frame, view) {
    const x = data.x,
      y = data.y;
    let lastX = x[start] * frame.scale + frame.dx,
      lastY = y[start] * frame.scale + frame.dy,
      last = view ? sideOf(lastX, lastY, view) : 0,
      down = false;
    for (let k = start + 1; k < stop; k++) {
      const px = x[k] * frame.scale + frame.dx,
        py = y[k] * frame.scale + frame.dy,
        side = view ? sideOf(px, py, view) : 0;
      if (last & side) {
        down = false;
      } else if (k < stop - 1 && Math.abs(px - lastX) < 0.7 && Math.abs(py - lastY) < 0.7) {
        continue;
      } else {
        if (!down) {
          context.moveTo(lastX, lastY);
        }
        context.lineTo(px, py);
        down = true;
      }
      lastX = px;
      lastY = py;
      last = side;
    }
  };

  /* a ring stays closed: of what runs outside along one side of the view only the ends are kept */
  RG.traceRing = function (context, data, start, stop, frame, view) {
    const x = data.x,
      y = data.y;
    let lastX = NaN,
      lastY = NaN,
      last = 0,
      side = view ? sideOf(x[start] * frame.scale + frame.dx, y[start] * frame.scale + frame.dy, view) : 0;
    for (let k = start; k < stop; k++) {
      const px = x[k] * frame.scale + frame.dx,
        py = y[k] * frame.scale + frame.dy,
        more = k < stop - 1,
        next =
          view && more ? sideOf(x[k + 1] * frame.scale + frame.dx, y[k + 1] * frame.scale + frame.dy, view) : 0;
      if (lastX !== lastX) {
        context.moveTo(px, py);
      } else if (more && (last & side & next || (Math.abs(px - lastX) < 0.7 && Math.abs(py - lastY) < 0.7))) {
        side = next;
        continue;
      } else {
        context.lineTo(px, py);
      }
      lastX = px;
      lastY = py;
      last = side;
      side = next;
    }
    context.closePath();
  };
})(window);
