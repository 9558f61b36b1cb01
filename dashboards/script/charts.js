"use strict";
/*
 * Draws the page's charts again so that they answer a pointer, a finger or the arrow keys with the figures of a day.
 * Without this script the pictures that the page brings stand; in print they always do.
 */
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (tone) => css(tone.startsWith("series-") ? `--s${tone.slice(7)}` : `--${tone}`);
  const { exact, whole } = words;
  const monthOf = (date) => words.monthName(date.getUTCMonth());
  const dayText = (day) => words.day(new Date(day * DAY * 1000).toISOString());
  const DAY = 86400;
  const FONT = "12px system-ui, sans-serif";
  /* 24 %, as in the stylesheet, whose colours have six digits. */
  const FAN_ALPHA = "3d";

  const short = (amount) => {
    const [scaled, unit] = amount >= 1e6 ? [amount / 1e6, "M"] : amount >= 1e3 ? [amount / 1e3, "k"] : [amount, ""];
    return `$${Number(scaled.toFixed(1))}${unit}`;
  };
  const axis = (values, size) => ({
    stroke: css("--quiet"), font: FONT, size, ticks: { show: false },
    grid: { stroke: css("--grid"), width: 1 }, values,
  });
  const label = (context, text, x, y, align) => {
    context.textAlign = align;
    context.lineWidth = 3 * devicePixelRatio;
    context.strokeStyle = css("--card");
    context.strokeText(text, x, y);
    context.fillStyle = css("--quiet");
    context.fillText(text, x, y);
  };

  /* Days: curves, fans between a low and a high curve, and days of note. */
  function dayPlot(data) {
    const columns = [data.days.map((day) => day * DAY)];
    const series = [{}];
    const bands = [];
    const curve = (values, tone, shown) => {
      columns.push(values);
      const dash = tone === "plan" ? [7, 4] : tone === "outlook" ? [2, 3] : undefined;
      series.push({ stroke: shown ? colour(tone) : "transparent", width: tone === "actual" ? 2.5 : 2, dash, spanGaps: true, points: { show: false } });
      return columns.length - 1;
    };
    for (const band of data.bands) {
      const high = curve(band.high, band.tone, false);
      const low = curve(band.low, band.tone, false);
      curve(band.middle, band.tone, true);
      bands.push({ series: [high, low], fill: colour(band.tone) + FAN_ALPHA });
    }
    for (const line of data.lines) curve(line.values, line.tone, true);
    const at = (values, index) => values[index] ?? null;
    /* Further ahead the outlook has a value a week. */
    const nearest = (values, index) => {
      for (let away = 0; away <= 3; away += 1) {
        if (at(values, index - away) !== null) return index - away;
        if (at(values, index + away) !== null) return index + away;
      }
      return null;
    };
    const readout = (index) => {
      const parts = [];
      for (const line of data.lines) {
        const value = at(line.values, index);
        if (value !== null) parts.push(`${line.label} ${whole(value)}`);
      }
      for (const band of data.bands) {
        const near = nearest(band.middle, index);
        if (near === null) continue;
        const day = near === index ? "" : ` on ${dayText(data.days[near])}`;
        parts.push(`outlook${day} ${whole(band.middle[near])} (${whole(band.low[near])} to ${whole(band.high[near])})`);
      }
      return `${dayText(data.days[index])}: ${parts.join(", ") || "nothing known"}`;
    };
    const marks = (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textBaseline = "top";
      const gap = 5 * devicePixelRatio;
      const edge = bbox.left + bbox.width;
      const placed = data.marks.map((mark) => ({ mark, x: plot.valToPos(mark.day * DAY, "x", true) }))
        .filter(({ mark, x }) => x >= bbox.left && (x <= edge || mark.cliff));
      placed.forEach(({ mark, x }, row) => {
        const top = bbox.top + row * 15 * devicePixelRatio;
        /* A cliff behind the last day is named at the edge. */
        if (x > edge) {
          label(ctx, `${mark.label} \u2192`, edge - gap, top, "right");
          return;
        }
        ctx.beginPath();
        ctx.strokeStyle = css(mark.cliff ? "--critical" : "--quiet");
        ctx.lineWidth = (mark.cliff ? 1.5 : 1) * devicePixelRatio;
        ctx.setLineDash(mark.cliff ? [] : [2 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        const end = x + 2 * gap + ctx.measureText(mark.label).width;
        const crossed = placed.some((other) => x < other.x && other.x < Math.min(end, edge));
        const leftRoom = x - (end - x) > bbox.left;
        const right = end < edge && !(crossed && leftRoom);
        if (!right && !leftRoom) {
          /* Neither side has room: it begins where the picture does. */
          label(ctx, mark.label, bbox.left + gap, top, "left");
          return;
        }
        label(ctx, mark.label, right ? x + gap : x - gap, top, right ? "left" : "right");
      });
      ctx.restore();
    };
    const room = 1.12 + 0.08 * Math.max(0, data.marks.length - 1);
    return {
      columns, series, bands, readout, hooks: { draw: [marks] }, low: data.low,
      first: data.through === null ? 0 : Math.max(0, data.days.indexOf(data.through)),
      x: { time: true, range: (_plot, low, high) => data.span ? data.span.map((day) => day * DAY) : [low, high] },
      top: (high) => Math.max(1, high) * room,
      xAxis: (_plot, splits) => splits.map((at) => {
        const date = new Date(at * 1000);
        if (date.getUTCDate() !== 1) return `${date.getUTCDate()} ${monthOf(date)}`;
        return date.getUTCMonth() === 0 ? `${monthOf(date)} ${date.getUTCFullYear()}` : monthOf(date);
      }),
      xSplits: (plot, _axis, low, high) => {
        const room = Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / 64));
        const days = Math.round((high - low) / DAY);
        if (days < 62) {
          const step = Math.max(1, Math.ceil(days / room));
          return Array.from({ length: Math.floor(days / step) + 1 }, (_, index) => low + index * step * DAY);
        }
        const starts = [];
        const month = new Date(low * 1000);
        month.setUTCDate(1);
        month.setUTCHours(0, 0, 0, 0);
        for (; month.getTime() / 1000 <= high; month.setUTCMonth(month.getUTCMonth() + 1)) {
          if (month.getTime() / 1000 >= low) starts.push(new Date(month));
        }
        const step = [1, 2, 3, 4, 6, 12].find((step) => starts.length / step <= room + 0.5) ?? 12;
        return starts.filter((start) => start.getUTCMonth() % step === 0).map((start) => start.getTime() / 1000);
      },
    };
  }

  /* Months: stacked bars, with a range on the bottom layer. */
  function monthPlot(data) {
    const count = data.months.length;
    const sums = data.layers.map((_, layer) =>
      data.months.map((_, month) => data.layers.slice(0, layer + 1).reduce((sum, it) => sum + Math.max(0, it.values[month]), 0)));
    const columns = [data.months.map((_, index) => index)];
    const series = [{}];
    const bars = uPlot.paths.bars({ size: [0.72, 64], gap: 0 });
    /* The whole stack first, then each shorter one over it. */
    for (let layer = data.layers.length - 1; layer >= 0; layer -= 1) {
      columns.push(sums[layer]);
      series.push({ fill: colour(data.layers[layer].tone), stroke: css("--card"), width: 0.75, paths: bars, points: { show: false } });
    }
    const amount = data.ahead ? whole : exact;
    const readout = (index) => {
      const parts = data.layers.filter((layer) => layer.values[index] !== 0)
        .map((layer) => `${layer.label} ${amount(layer.values[index])}`);
      const range = data.ranges[index];
      if (range && range[0] !== range[1]) parts.push(`range ${amount(range[0])} to ${amount(range[1])}`);
      return `${data.months[index]}: ${parts.join(", ") || "nothing"}`;
    };
    const whiskers = (plot) => {
      const { ctx } = plot;
      ctx.save();
      ctx.strokeStyle = css("--ink");
      ctx.lineWidth = 1.5 * devicePixelRatio;
      data.ranges.forEach(([low, high], index) => {
        if (low === high) return;
        const x = plot.valToPos(index, "x", true);
        ctx.beginPath();
        ctx.moveTo(x, plot.valToPos(low, "y", true));
        ctx.lineTo(x, plot.valToPos(high, "y", true));
        ctx.stroke();
      });
      ctx.restore();
    };
    const highest = Math.max(1, ...data.ranges.map(([, high]) => high));
    return {
      columns, series, bands: [], readout, hooks: { draw: [whiskers] }, low: false, first: 0,
      x: { time: false, range: () => [-0.5, count - 0.5] },
      top: (high) => Math.max(high, highest) * 1.08,
      xAxis: (_plot, splits) => splits.map((at) => {
        const text = data.months[at] ?? "";
        return text.startsWith("Jan") || at === 0 ? text : text.slice(0, 3);
      }),
      xSplits: (plot) => {
        const room = Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / 58));
        const step = Math.ceil(count / room);
        return data.months.map((_, index) => index).filter((index) => index % step === 0);
      },
    };
  }

  function draw(figure, data) {
    const plan = data.kind === "days" ? dayPlot(data) : monthPlot(data);
    const previous = figure.querySelector(".plot");
    /* A fresh element has no listeners of an earlier drawing. */
    const box = previous.cloneNode(false);
    previous.replaceWith(box);
    const output = figure.querySelector(".readout");
    const size = () => ({ width: box.clientWidth, height: plan.low ? 190 : 240 });
    const last = plan.columns[0].length - 1;
    let chosen = null;
    const say = (index) => {
      chosen = index;
      const text = plan.readout(index);
      output.textContent = text;
      box.setAttribute("aria-valuenow", String(index));
      box.setAttribute("aria-valuetext", text);
    };
    const plot = new uPlot({
      ...size(),
      series: plan.series, bands: plan.bands, legend: { show: false }, padding: [8, 12, 0, 0],
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: { x: plan.x, y: { range: (_plot, _low, high) => [0, plan.top(high)] } },
      axes: [
        { ...axis(plan.xAxis, 26), splits: plan.xSplits, grid: { show: false } },
        axis((_plot, splits) => splits.map(short), 54),
      ],
      hooks: {
        ...plan.hooks,
        setCursor: [(it) => { if (it.cursor.idx !== null && it.cursor.idx !== undefined && it.cursor.left >= 0) say(it.cursor.idx); }],
      },
    }, plan.columns, box);
    const choose = (index) => {
      const at = Math.max(0, Math.min(last, index));
      plot.setCursor({ left: plot.valToPos(plan.columns[0][at], "x"), top: 0 }, false);
      say(at);
    };
    box.addEventListener("keydown", (event) => {
      const big = data.kind === "days" ? 30 : 3;
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -big, PageUp: big }[event.key];
      const target = event.key === "Home" ? 0 : event.key === "End" ? last : step && (chosen ?? plan.first) + step;
      if (target === undefined) return;
      event.preventDefault();
      choose(target);
    });
    box.setAttribute("role", "slider");
    box.setAttribute("tabindex", "0");
    box.setAttribute("aria-valuemin", "0");
    box.setAttribute("aria-valuemax", String(last));
    say(plan.first);
    new ResizeObserver(() => { if (box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize(size()); }).observe(box);
  }

  /* What is folded away has no size yet: it is drawn when it opens. */
  function drawShown() {
    for (const figure of document.querySelectorAll("figure[data-chart]:not(.live)")) {
      if (!figure.checkVisibility()) continue;
      const data = JSON.parse(figure.querySelector("script").textContent);
      /* After the first day stand the steps. */
      data.days?.forEach((step, index) => { if (index > 0) data.days[index] = data.days[index - 1] + step; });
      if ((data.days ?? data.months).length < 2) continue;
      figure.classList.add("live");
      draw(figure, data);
    }
  }

  drawShown();
  /* Such an event does not bubble. */
  document.addEventListener("toggle", drawShown, true);
  /* The colours are part of a drawing, so another scheme needs another one. */
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.querySelectorAll("figure.live").forEach((figure) => figure.classList.remove("live"));
    drawShown();
  });
})();
