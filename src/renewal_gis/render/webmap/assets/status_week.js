/* The status page: as of any week. The numbers are those of the ledger's own measure; nothing is counted here. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const my = (RG.status = RG.status || {});
  const STEP_MS = 700,
    NONE = "—",
    MINUS = "\u2212";
  let playing = 0;

  function tenths(value) {
    return (value < 0 ? MINUS : "") + (Math.abs(value) / 10).toFixed(1);
  }
  function percent(value) {
    return value === null ? NONE : tenths(value) + "%";
  }
  function tellPace(pace, expected, light) {
    if (pace === null) {
      return RG.say("无序时进度要求");
    }
    if (expected === 0 && !light) {
      return RG.say("未到起算日");
    }
    const words = { n: tenths(Math.abs(pace)) };
    return pace === 0
      ? RG.say("与序时进度持平")
      : RG.say(pace > 0 ? RG.say("超序时进度{n}个百分点") : RG.say("滞后序时进度{n}个百分点"), words);
  }

  /* the rows of the panel in one week, as the Survey has them */
  function makeRows(week) {
    const numbers = my.data.numbers,
      lights = [""].concat(Object.keys(my.data.lights)),
      rows = [];
    my.data.keys.forEach(function (key, k) {
      const of = function (column) {
        return numbers[column][k][week];
      };
      if (of("done") === null) {
        return;
      }
      const target = my.targetOf(key[0]),
        rate = of("rate"),
        expected = of("expected"),
        pace = of("pace_pp"),
        light = lights[of("light")] || "";
      rows.push({
        target: key[0],
        unit: key[1],
        measure: target.measure,
        basis: target.basis,
        base: of("base") === null ? NONE : String(of("base")),
        done: String(of("counted") === null ? of("done") : of("counted")),
        raw: of("done"),
        unlocated: of("unlocated") || 0,
        passed: of("passed"),
        units: of("units"),
        rate: rate === null ? null : rate / 1000,
        rateText: percent(rate),
        expected: expected === null ? null : expected / 1000,
        expectedText: percent(expected),
        pace: pace,
        paceText: pace === null ? NONE : (pace > 0 ? "+" : "") + tenths(pace),
        paceTell: tellPace(pace, expected, light),
        light: light,
        early: expected === 0 && !light,
        cls: of("class"),
      });
    });
    return rows;
  }

  /* the stage of every site at the end of a week: the last whose day has come, but for those given back since */
  function stagesAt(week) {
    const columns = my.sites.data.columns,
      day = Date.parse(my.data.days[week]) / 864e5,
      words = Object.keys(my.data.stages),
      start = words.indexOf("not_started"),
      codes = new Uint32Array(my.n).fill(start);
    const ladders = columns.programme.words.map(function (id) {
      const programme = my.programmeOf(id);
      return (programme ? programme.stages : [])
        .filter(function (code) {
          return columns["r:" + code];
        })
        .map(function (code) {
          return [words.indexOf(code), columns["r:" + code].values];
        })
        .reverse();
    });
    for (let i = 0; i < my.n; i++) {
      for (const [code, days] of ladders[columns.programme.codes[i]]) {
        if (days[i] <= day) {
          codes[i] = code;
          break;
        }
      }
    }
    for (const [number, row, stage] of my.data.moves) {
      if (number === week) {
        codes[row] = words.indexOf(stage);
      }
    }
    return textColumn(words, codes);
  }
  function textColumn(words, codes) {
    return {
      kind: "text",
      words: words,
      codes: codes,
      at: function (i) {
        return this.words[this.codes[i]];
      },
    };
  }

  function setStages(week) {
    const last = week === my.data.days.length - 1,
      stage = last ? my.own.stage : stagesAt(week);
    my.sites.setColumn("stage", stage);
    const groups = my.data.groups.map(function (group) {
        return group.id;
      }),
      place = stage.words.map(function (word) {
        return groups.indexOf(my.groupOf(word));
      });
    my.sites.setColumn(
      "group",
      last
        ? my.own.group
        : textColumn(
            groups,
            stage.codes.map(function (code) {
              return place[code];
            }),
          ),
    );
  }

  function writeDay(iso) {
    const parts = iso.split("-").map(Number);
    return my.data.lang === "en" ? iso : parts[0] + RG.say("年") + parts[1] + RG.say("月") + parts[2] + RG.say("日");
  }

  function setWeek(week) {
    const last = my.data.days.length - 1,
      day = my.data.days[week];
    my.now.week = week;
    my.data.asOf = day;
    my.data.rows = makeRows(week);
    if (my.own) {
      setStages(week);
    }
    RG.byId("week-at").value = String(week);
    RG.byId("week-day").textContent = day + (week < last ? RG.say("(回看)") : "");
    RG.byId("week-at").setAttribute("aria-valuetext", day);
    document.querySelector(".rg-head .when b").textContent = writeDay(day);
    document.body.classList.toggle("looking-back", week < last);
    my.renderTarget();
    my.applyFilter();
    if (my.now.chosen >= 0) {
      my.openSite(my.now.chosen, 0);
    }
  }

  /* for tests and for those who script the page: the state at the end of the last week that is not after a day */
  function asOf(date) {
    const wanted = String(date).slice(0, 10);
    for (let week = my.data.days.length - 1; week >= 0; week--) {
      if (my.data.days[week] <= wanted) {
        setWeek(week);
        return my.data.days[week];
      }
    }
    return null;
  }

  function stopPlay() {
    clearInterval(playing);
    playing = 0;
    RG.byId("week-play").textContent = "▶";
    RG.byId("week-play").setAttribute("aria-pressed", "false");
  }
  function startPlay() {
    const last = my.data.days.length - 1;
    if (my.now.week === last) {
      setWeek(0);
    }
    RG.byId("week-play").textContent = "❚❚";
    RG.byId("week-play").setAttribute("aria-pressed", "true");
    playing = setInterval(function () {
      setWeek(my.now.week + 1);
      if (my.now.week === last) {
        stopPlay();
      }
    }, STEP_MS);
  }

  /* before anything is shown: the numbers of the last week */
  function startWeeks() {
    const columns = my.sites.data.columns;
    my.own = { stage: columns.stage, group: columns.group };
    my.now.week = my.data.days.length - 1;
    my.data.asOf = my.data.days[my.now.week];
    my.data.rows = makeRows(my.now.week);
    const input = RG.byId("week-at");
    input.max = String(my.now.week);
    input.value = input.max;
    RG.byId("week-day").textContent = my.data.asOf;
    const host = RG.byId("week");
    document.querySelector(".rg-overmap").append(host);
    host.hidden = my.now.week < 1;
    input.addEventListener("input", function () {
      stopPlay();
      setWeek(Number(input.value));
    });
    RG.byId("week-play").addEventListener("click", function () {
      if (playing) {
        stopPlay();
      } else {
        startPlay();
      }
    });
    global.renewal.asOf = asOf;
  }

  Object.assign(my, { startWeeks, setWeek, asOf });
})(window);
